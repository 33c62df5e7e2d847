import { type ChildProcess, fork } from 'node:child_process'
import { environment } from '../child.ts'
import { EngineError } from '../error.ts'
import type { Log } from '../ports.ts'
import { createWaking } from '../waking.ts'
import { PROCESS_LIMITS } from './limits.ts'
import type { FromProcess, ToProcess } from './messages.ts'

/** What it says once it runs. */
export type FromRunning = Exclude<FromProcess, { kind: 'ready' | 'failed' }>

export interface WebRtcProcessOptions {
  readonly host: string
  readonly port: number
  /** Second port, for peers whose relay is reached by TCP or TLS. */
  readonly relayPort?: number | undefined
  readonly log: Log
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** Starts the process; for tests. */
  readonly fork?: () => ChildProcess
}

/** Who has something done by the process: viewers' side, encoders' side. */
export interface ProcessUser {
  /** All that the process says, also to others. */
  readonly onMessage: (message: FromRunning) => void
  /** The process has gone, with all that was in it. */
  readonly onDown: () => void
}

/** The WebRTC process: started when first needed, ended when it has been idle for a while, replaced when it dies or hangs. */
export interface WebRtcProcess {
  readonly port: number
  /** Its process id, while there is one. */
  readonly pid: number | undefined
  join(user: ProcessUser): Supervisor
  close(): Promise<void>
}

/** The process as one of its users has it. */
export interface Supervisor {
  readonly isUp: boolean
  readonly pid: number | undefined
  /**
   * Resolves when it runs, starting it if need be.
   *
   * @throws EngineError `refused` while it rests after a failure, `timeout` when it does not start, `refused` when the server stops.
   */
  ensure(): Promise<void>
  /** Milliseconds until a start is tried again; 0 where one may be. */
  readonly restsFor: number
  /** No effect while it is down. */
  send(message: ToProcess): void
  /** Bytes of media, pictures and sound, that have not been written yet, of all users. */
  readonly sending: number
  /** Called when `sending` has become less than its bound again. */
  onSent: (() => void) | undefined
  /** Whether this user has anything to be done: where nobody has, the process is ended after a while. */
  setBusy(isBusy: boolean): void
}

interface Child {
  readonly process: ChildProcess
  readonly ready: PromiseWithResolvers<void>
  isReady: boolean
  isEnding: boolean
  heardAt: number
  complaint: string
  /** Why it cannot work at all, in its own words. */
  failed: string | undefined
}

export function createWebRtcProcess(options: WebRtcProcessOptions): WebRtcProcess {
  const { log, now } = options
  const users = new Map<Supervisor, ProcessUser>()
  const busy = new Set<Supervisor>()
  let child: Child | undefined
  let failures = 0
  let restsUntil = Number.NEGATIVE_INFINITY
  let sending = 0
  let idleTimer: NodeJS.Timeout | undefined
  let isClosed = false
  /** What has been told of already. */
  let told: string | undefined

  function spawn(): ChildProcess {
    const ports = [options.port, options.relayPort].flatMap((port) => (port === undefined ? [] : String(port)))
    return fork(new URL('./main.ts', import.meta.url), [options.host, ...ports], {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=4'],
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
  }

  /** Without anything to do it is ended after a while. */
  function rest(): void {
    clearTimeout(idleTimer)
    if (busy.size > 0) return
    idleTimer = setTimeout(() => void stop(), PROCESS_LIMITS.idleMs)
    idleTimer.unref()
  }

  function start(): Child {
    const started = (options.fork ?? spawn)()
    const fresh: Child = {
      process: started,
      ready: Promise.withResolvers<void>(),
      isReady: false,
      isEnding: false,
      heardAt: now(),
      complaint: '',
      failed: undefined,
    }
    // Whoever waits for it is told; nobody may.
    fresh.ready.promise.catch(() => undefined)
    const begun = now()
    const wokenAt = createWaking(PROCESS_LIMITS.watchMs)
    const watch = setInterval(() => {
      const limit = fresh.isReady ? PROCESS_LIMITS.hungMs : PROCESS_LIMITS.startMs
      const at = now()
      if (at - Math.max(fresh.heardAt, wokenAt(at)) <= limit) return
      fresh.complaint = fresh.isReady ? 'it hung' : 'it did not start in time'
      started.kill('SIGKILL')
    }, PROCESS_LIMITS.watchMs)
    watch.unref()
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      fresh.complaint = (fresh.complaint + text).slice(-2_000)
    })
    started.on('message', (message: FromProcess) => {
      fresh.heardAt = now()
      if (message.kind === 'ready') {
        fresh.isReady = true
        told = undefined
        rest()
        log.info({ pid: started.pid, tookMs: Math.round(now() - begun) }, 'webrtc process runs')
        fresh.ready.resolve()
      } else if (message.kind === 'failed') fresh.failed = message.reason
      else if (child === fresh) for (const user of users.values()) user.onMessage(message)
    })
    // A write to a process that has gone; its end is told of by `exit`.
    started.on('error', (error) => {
      fresh.complaint ||= error.message
      if (started.pid !== undefined) return
      clearInterval(watch)
      gone(fresh, 'it could not be started')
    })
    started.once('exit', (code, signal) => {
      clearInterval(watch)
      gone(fresh, signal ?? `status ${code}`)
    })
    child = fresh
    return fresh
  }

  function gone(fresh: Child, how: string): void {
    if (child !== fresh) return
    child = undefined
    sending = 0
    if (!fresh.isEnding) {
      // One that had worked for long has earned a new try at once.
      failures = fresh.isReady && now() - restsUntil > 60_000 ? 1 : failures + 1
      restsUntil = now() + Math.min(PROCESS_LIMITS.restartMostMs, PROCESS_LIMITS.restartMs * 2 ** (failures - 1))
      tell(fresh, how)
    }
    fresh.ready.reject(new EngineError('refused', 'the webrtc process ended'))
    for (const user of users.values()) user.onDown()
  }

  /** What is in the way is told once, not with every viewer who tries. */
  function tell({ failed, complaint }: Child, how: string): void {
    if (failed === undefined) {
      log.error(
        { how, said: complaint.trim().slice(-500) },
        'webrtc process ended; its viewers and encoders have to come again',
      )
    } else if (failed !== told) log.error({ reason: failed }, 'webrtc cannot work; viewers are sent to HLS')
    told = failed
  }

  async function stop(): Promise<void> {
    const ending = child
    if (ending === undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    ending.isEnding = true
    ending.process.once('exit', () => resolve())
    if (ending.process.connected) ending.process.send({ kind: 'stop' } satisfies ToProcess, () => undefined)
    else ending.process.kill('SIGKILL')
    const timer = setTimeout(() => ending.process.kill('SIGKILL'), PROCESS_LIMITS.goodbyeMs * 2)
    await promise
    clearTimeout(timer)
  }

  async function ensure(): Promise<void> {
    // It may be closed in the meantime.
    if (child?.isEnding === true) await stop()
    if (isClosed) throw new EngineError('refused', 'the server is stopping')
    if (child === undefined && now() < restsUntil) throw new EngineError('refused', 'the webrtc process failed')
    if (child !== undefined) rest()
    const { ready } = child ?? start()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new EngineError('refused', 'the webrtc process is still starting')),
      PROCESS_LIMITS.startPatienceMs,
    )
    await Promise.race([ready.promise, late.promise]).finally(() => clearTimeout(timer))
  }

  function send(message: ToProcess): void {
    const to = child
    if (to === undefined || to.isEnding || !to.process.connected) return
    const bytes = 'data' in message ? message.data.byteLength : 0
    sending += bytes
    to.process.send(message, () => {
      if (child !== to) return
      const wasFull = sending >= PROCESS_LIMITS.sendingBytes
      sending -= bytes
      if (wasFull && sending < PROCESS_LIMITS.sendingBytes) for (const user of users.keys()) user.onSent?.()
    })
  }

  return {
    port: options.port,
    get pid() {
      return child?.process.pid
    },
    join(user) {
      const joined: Supervisor = {
        get isUp() {
          return child?.isReady === true && !child.isEnding
        },
        get pid() {
          return child?.process.pid
        },
        get restsFor() {
          return Math.max(0, restsUntil - now())
        },
        ensure,
        send,
        get sending() {
          return sending
        },
        onSent: undefined,
        setBusy(isBusy) {
          if (isBusy) busy.add(joined)
          else busy.delete(joined)
          rest()
        },
      }
      users.set(joined, user)
      return joined
    },
    async close() {
      isClosed = true
      clearTimeout(idleTimer)
      await stop()
    },
  }
}
