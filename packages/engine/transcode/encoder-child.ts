import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import {
  createFragmentStreamReader,
  type FragmentStreamEvent,
} from '@bandstand/media/containers/isobmff/fragment-stream.ts'
import { type ChildOptions, startChild } from '../child.ts'
import { readProcessState } from './process-state.ts'
import type { Watchdog } from './watchdog.ts'

export interface EncoderChildOptions extends Pick<ChildOptions, 'program' | 'args' | 'stdio'> {
  readonly watchdog: Watchdog
  /** Bytes of its complaints that are kept, the last of which stands in the reason. */
  readonly complaint: number
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** Once. Nothing more comes of it; never before `startEncoderChild` has returned, nor within a call. `clean` where it was asked to end and did. */
  onEnd(end: { readonly clean: boolean; readonly reason: string }): void
  /** Once, after that. One that is killed may take its time to go, or sleep in a driver for good. */
  onGone(): void
}

/** One ffmpeg that encodes what it is fed: what is the same whatever that is. */
export interface EncoderChild {
  readonly pid: number | undefined
  /** `undefined` where it could not be started. */
  readonly input: Writable | undefined
  /** Bytes that wait to be read by it. */
  readonly waiting: number
  /** It has not ended, is not to end, and was not killed. */
  readonly isFed: boolean
  /** Text that it writes to this descriptor. */
  onText(descriptor: number, take: (text: Buffer) => void): void
  /** Fragmented MP4 that it writes to this descriptor; what cannot be read ends it. @param box bytes that a box may have */
  onFragments(descriptor: number, box: number, take: (event: FragmentStreamEvent) => void): void
  /** Nothing more comes: it may write what it holds. */
  finish(): void
  kill(reason: string): void
  /** Lets time pass: one that has nothing to show for what it was given is killed. */
  tick(): void
}

const COMPLAINTS = 2

export function startEncoderChild(options: EncoderChildOptions): EncoderChild {
  const { program, args, stdio, watchdog, now } = options
  let complaint = ''
  let isKilled = false
  let isFinished = false
  let isOver = false
  const child = startChild({
    ...{ program, args, stdio },
    // Live outranks it.
    priority: constants.priority.PRIORITY_BELOW_NORMAL,
    onEnd(found) {
      const last = complaint.trim().split('\n').at(-1) ?? ''
      if ('error' in found) end(`it could not be started: ${found.error.message}`, false)
      else end(`it ended with ${found.how}${last === '' ? '' : `: ${last}`}`, isFinished && found.ok)
      options.onGone()
    },
  })

  function kill(reason: string): void {
    if (isOver || isKilled) return
    isKilled = true
    child.kill()
    // Nobody waits until it has gone.
    queueMicrotask(() => end(reason, false))
  }

  function end(reason: string, clean: boolean): void {
    if (isOver) return
    isOver = true
    options.onEnd({ clean, reason })
  }

  function onText(descriptor: number, take: (text: Buffer) => void): void {
    child.output(descriptor)?.on('data', take)
  }

  onText(COMPLAINTS, (text) => {
    complaint = (complaint + text.toString()).slice(-options.complaint)
  })

  return {
    pid: child.pid,
    input: child.input,
    get waiting() {
      return child.input?.writableLength ?? 0
    },
    get isFed() {
      return !isOver && !isFinished && !isKilled
    },
    onText,
    onFragments(descriptor, box, take) {
      const reader = createFragmentStreamReader(box)
      child.output(descriptor)?.on('data', (bytes: Buffer) => {
        try {
          for (const event of reader.push(bytes)) {
            if (isOver || isKilled) return
            take(event)
          }
        } catch (error) {
          kill(`it wrote something that cannot be read: ${(error as Error).message}`)
        }
      })
    },
    finish() {
      if (isFinished) return
      isFinished = true
      watchdog.finished(now())
      child.input?.end()
    },
    kill,
    tick() {
      if (isOver) return
      const at = now()
      if (watchdog.isSuspicious(at) && child.pid !== undefined) watchdog.looked(readProcessState(child.pid), at)
      const verdict = watchdog.verdict(at)
      if (verdict !== undefined) kill(verdict)
    },
  }
}
