import { createHash } from 'node:crypto'
import { parseFragments } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { type InitSegment, parseInitSegment } from '@bandstand/media/containers/isobmff/parse-init.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { Fetched, MediaObject, MediaTimes } from './observation.ts'

/** Turns an answer into what the rules need of it: digest and times; the bytes are let go. */
export function readMediaObject(
  fetched: Fetched,
  more: {
    readonly kind: MediaObject['kind']
    readonly key: string
    readonly hinted: boolean
    readonly init?: InitSegment
  },
): MediaObject {
  const { body } = fetched
  const ok = fetched.status >= 200 && fetched.status < 300
  const type = Buffer.from(body.subarray(4, 8)).toString('latin1')
  const fragmented = ['ftyp', 'styp', 'moof', 'moov', 'prft', 'sidx', 'emsg'].includes(type)
  const { kind, key, hinted, init } = more
  const base = {
    kind,
    key,
    hinted,
    fragmented,
    fetched: { ...fetched, body: new Uint8Array() },
    digest: ok ? createHash('sha256').update(body).digest('hex') : '',
  }
  if (!ok || !fragmented) return base
  try {
    if (kind === 'init') return { ...base, init: parseInitSegment(body) }
    return init === undefined ? base : { ...base, times: timesOf(body, init) }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { ...base, unreadable: error.message }
  }
}

/** Times of the video track, or of the only one. Throws MediaError for bytes that are not fragments of the track. */
function timesOf(body: Uint8Array, init: InitSegment): MediaTimes {
  const fragments = parseFragments(body, { defaults: init.defaults })
  const track = init.tracks.find((t) => t.handler === 'vide') ?? init.tracks[0]
  const own = fragments.filter((f) => f.track === track?.track)
  const [first] = own
  if (track === undefined || first === undefined) {
    throw new MediaError('malformed', 'no fragment of the track that the initialisation segment describes')
  }
  let ticks = 0
  let longest = 0
  for (const { duration } of own.flatMap((fragment) => fragment.samples)) {
    ticks += duration
    longest = Math.max(longest, duration)
  }
  return {
    track: track.track,
    start: first.baseDecodeTime / track.timescale,
    duration: ticks / track.timescale,
    longest: longest / track.timescale,
    startsWithKey: first.samples[0]?.key ?? false,
    containsKey: own.some((fragment) => fragment.samples.some((sample) => sample.key)),
  }
}
