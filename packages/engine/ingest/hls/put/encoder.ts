import type { HlsReport, Log, Publisher } from '../../../ports.ts'
import type { RefusalLog } from '../../../remote/refusals.ts'
import { createIntake } from '../intake.ts'
import { HLS_LIMITS } from '../limits.ts'
import { resolvePath } from '../name.ts'
import type { Want } from '../rendition.ts'
import { createSession } from '../session.ts'
import { type PutFault, tellPutFault } from './faults.ts'
import type { MapFile } from './maps.ts'
import { createPutStore, type Incoming, type PutBudget } from './store.ts'

export interface PutEncoderOptions {
  readonly fields: () => Readonly<Record<string, string>>
  readonly budget: PutBudget
  /** Bits a second of one rendition. */
  readonly maxBitrate: number
  readonly log: Log
  readonly refusals: RefusalLog
  /** ms, rising. */
  readonly now: () => number
  /** It has ended, or nothing came of it for too long. */
  readonly onEnd: () => void
  /** Initialisation segments that it put before it was last lost. */
  readonly maps: readonly MapFile[]
  /** It is over, however that came; these are of use to it when it comes again. */
  readonly onMaps: (maps: readonly MapFile[]) => void
}

/** What became of a file that was put. */
export type PutAnswer =
  | { readonly kind: 'taken' }
  /** It is a playlist that cannot be followed; what to change. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was given up before it was whole. */
  | { readonly kind: 'lost'; readonly fault: PutFault }
  /** A newer encoder sends under its name. */
  | { readonly kind: 'rival'; readonly reason: string }

/** One file on its way in. */
export interface PutUpload {
  write(chunk: Uint8Array): PutFault | undefined
  end(): PutAnswer
  abort(): void
}

/** One encoder that puts its files here: where they are kept and what they become. */
export interface PutEncoder {
  /** @param name from `cleanPath`. */
  begin(name: string): PutUpload | PutFault
  publishTo(publisher: Publisher): void
  readonly report: HlsReport
  /** Its publisher was taken away. */
  stop(): void
  /** Ends it as a lost connection would. */
  close(): void
}

export function createPutEncoder(options: PutEncoderOptions): PutEncoder {
  const { budget, log, refusals, now, fields, maxBitrate } = options
  const store = createPutStore(budget)
  for (const { name, bytes } of options.maps) putMap(name, bytes)
  const intake = createIntake({ resolve: resolvePath, begin: 'listed', isOrdered: true, maxBitrate })
  const session = createSession({
    ...{ intake, fields, log, refusals, now },
    onEnd() {
      end()
      options.onEnd()
    },
  })
  /** Serials of the newest state of each playlist. */
  const states = new Map<string, number>()
  let hasRead = false
  /** Files that had to go, as far as that was told. */
  let told = 0
  let isOver = false
  const timer = setInterval(pump, HLS_LIMITS.putLookMs)

  function end(): void {
    clearInterval(timer)
    if (!isOver) options.onMaps(store.maps)
    isOver = true
    store.close()
  }

  function putMap(name: string, bytes: Uint8Array): void {
    const incoming = store.begin(name)
    if (typeof incoming === 'string' || incoming.write(bytes) !== undefined) return
    incoming.end()
    store.keep(name)
  }

  /** Gives the intake what it needs and is there. */
  function pump(): void {
    if (store.dropped > told) intake.trouble(tellPutFault('no-room'))
    told = store.dropped
    let isMoving = true
    while (isMoving) {
      isMoving = false
      for (const want of intake.wants(now(), session.held)) if (give(want)) isMoving = true
      session.advance()
    }
  }

  function give(want: Want): boolean {
    const file = store.get(want.name)
    if (file === undefined) {
      // An encoder lists what it has put. Before the first segment it may have put others elsewhere: to a server that was started anew.
      if (!store.isComing(want.name)) intake.missing(want, now(), !hasRead)
      return false
    }
    const { start, length } = want.range ?? { start: 0, length: file.bytes.byteLength }
    const bytes = file.bytes.subarray(start, start + length)
    const { serial } = file
    const isTaken = intake.file(want, { bytes, version: String(serial), stamp: serial, isWhole: true }, now())
    // What is named with a range is a file of media that begins with its own.
    if (isTaken && want.isMap && want.range === undefined) store.keep(want.name)
    else if (isTaken && !want.isMap && want.range === undefined) {
      store.delete(want.name)
      hasRead = true
    }
    return isTaken
  }

  function playlist(name: string, text: string, serial: number): PutAnswer {
    // One that was overtaken by a newer one on another connection.
    if (serial < (states.get(name) ?? 0)) return { kind: 'taken' }
    if (states.size >= HLS_LIMITS.playlists && !states.has(name)) states.delete(states.keys().next().value ?? '')
    states.set(name, serial)
    const report = intake.playlist(name, text, now(), serial)
    return 'reason' in report ? { kind: report.kind, reason: report.reason } : { kind: 'taken' }
  }

  function upload(name: string, incoming: Incoming): PutUpload {
    return {
      write(chunk) {
        const fault = incoming.write(chunk)
        // A long segment on a slow line is no silence; how long one may take, and who has the channel, is for others to say.
        if (fault === undefined) session.touch()
        return fault
      },
      abort: () => incoming.abort(),
      end() {
        const file = incoming.end()
        if (typeof file === 'string') return { kind: 'lost', fault: file }
        const { bytes, serial } = file
        session.touch()
        let answer: PutAnswer = { kind: 'taken' }
        if (isPlaylist(name, bytes)) {
          store.delete(name)
          answer =
            bytes.byteLength > HLS_LIMITS.playlistBytes
              ? { kind: 'refused', reason: tooLong }
              : playlist(name, new TextDecoder().decode(bytes), serial)
          if (bytes.byteLength > HLS_LIMITS.playlistBytes) intake.trouble(tooLong)
        }
        pump()
        return answer
      },
    }
  }

  return {
    begin(name) {
      const incoming = store.begin(name)
      return typeof incoming === 'string' ? incoming : upload(name, incoming)
    },
    get report() {
      return { source: 'put' as const, ...intake.facts }
    },
    publishTo: (publisher) => session.publishTo(publisher),
    stop() {
      end()
      session.stopped()
    },
    close() {
      end()
      session.close()
    },
  }
}

const tooLong = `a playlist has more than ${HLS_LIMITS.playlistBytes} bytes: let the encoder list fewer segments (ffmpeg: -hls_list_size 6)`

const MARK = new TextEncoder().encode('#EXTM3U')

/** By what is in it; the name tells it of a broken one, so that the encoder hears of it. */
function isPlaylist(name: string, bytes: Uint8Array): boolean {
  return /\.m3u8?$/i.test(name) || MARK.every((byte, i) => bytes[i] === byte)
}
