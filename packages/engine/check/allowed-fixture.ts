import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import {
  answer,
  delta,
  header,
  isPlaylist,
  model,
  resting,
  segments,
  withControl,
  without,
} from './mutation-fixture.ts'
import type { FragmentPlan, Mutation } from './stream-fixture.ts'

/** Three pictures a second, each longer than a part may be, and sound in parts as long as they may be. */
export const longFrames: Mutation = {
  ...model((p, { rendition }) => {
    if (rendition === 'a2') return p
    const short = <T extends { readonly duration: number }>(part: T): T => ({ ...part, duration: 0.25 })
    return {
      ...withControl(p, { partHoldBack: 1.05 }),
      partTarget: 0.25,
      segments: p.segments.map((s) => ({ ...s, parts: s.parts.map(short) })),
      trailingParts: p.trailingParts.map(short),
    }
  }),
  fragment: (f) => (f.rendition === 'a2' ? f : { ...f, bytes: onePicture(f) }),
}

function onePicture({ part, start, key }: FragmentPlan): Uint8Array {
  const sample = { data: new Uint8Array(4_000).fill(part & 255), duration: 30_000, compositionOffset: 0, key }
  return writeFragment({ sequence: part, track: 1, baseDecodeTime: start, samples: [sample] })
}

/** What looks odd and is allowed, with the rules that may say so much as a warning. */
export const allowed: Readonly<Record<string, { readonly mutation: Mutation; readonly warnings: readonly string[] }>> =
  {
    'a content type of text where the path ends in .m3u8 (§4)': {
      mutation: header(isPlaylist, 'content-type', 'text/plain'),
      warnings: ['playlist-content-type'],
    },
    'part targets that differ between renditions (§4.4.3.8)': {
      mutation: model((p, { rendition }) => ({
        ...withControl(p, { partHoldBack: 1.2 }),
        partTarget: rendition === 'v1' ? 0.35 : 0.36,
      })),
      warnings: [],
    },
    'reports that leave out what is the same as the playlist’s own (§4.4.5.4)': {
      mutation: model((p) => ({ ...p, renditionReports: p.renditionReports.map((r) => ({ uri: r.uri })) })),
      warnings: [],
    },
    'a rendition that rests until it is asked for, reported with its gaps (§4.4.4.7, §4.4.5.4)': {
      mutation: resting((r) => [r]),
      warnings: [],
    },
    'a short playlist that began at another number than 0 and has shed nothing (§6.2.2)': {
      mutation: model((p) => {
        const drop = Math.max(0, 18 - p.mediaSequence)
        const segments = p.segments.slice(drop).map((s, i) => (i === 0 ? { ...s, map: { uri: 'i1.mp4' } } : s))
        const { canSkipUntil: _, ...serverControl } = p.serverControl ?? { canBlockReload: true }
        return { ...p, mediaSequence: p.mediaSequence + drop, discontinuitySequence: 0, segments, serverControl }
      }),
      warnings: [],
    },
    'a playlist of type EVENT that sheds nothing (§4.4.3.5)': {
      mutation: model((p) => {
        const drop = Math.max(0, 10 - p.mediaSequence)
        const segments = p.segments.slice(drop).map((s, i) => (i === 0 ? { ...s, map: { uri: 'i1.mp4' } } : s))
        const { canSkipUntil: _, ...serverControl } = p.serverControl ?? { canBlockReload: true }
        const mediaSequence = p.mediaSequence + drop
        return { ...p, playlistType: 'EVENT', mediaSequence, discontinuitySequence: 0, segments, serverControl }
      }),
      warnings: [],
    },
    'timestamps of renditions that differ by some frames (§6.2.4)': {
      mutation: { fragment: (f) => (f.rendition === 'a2' ? { ...f, start: f.start + 24_000 } : f) },
      warnings: [],
    },
    'dates that overlap by half a second (§6.2.1)': {
      mutation: segments((s, msn) => ({ ...s, programDateTime: (s.programDateTime ?? 0) - (msn >= 15 ? 500 : 0) })),
      warnings: ['program-date-time-inconsistent'],
    },
    'whole numbers in EXTINF (§4.4.4.1)': {
      mutation: { lowLatency: false, ...segments((s) => ({ ...s, duration: Math.round(s.duration) })) },
      warnings: [],
    },
    'segments removed after the end (§6.2.2)': {
      mutation: {
        lowLatency: false,
        ...model((p, { reading }) => {
          const n = Math.min(reading, 1)
          return {
            ...p,
            mediaSequence: p.mediaSequence + n,
            segments: p.segments.slice(n).map((s, i) => (i === 0 ? { ...s, map: { uri: 'i0.mp4' } } : s)),
            endList: true,
          }
        }),
        position: () => 122,
      },
      warnings: [],
    },
    'Expires in place of Cache-Control (§6.2.2)': {
      mutation: answer((a, r) =>
        isPlaylist(r) || a.status !== 200
          ? a
          : {
              ...a,
              headers: {
                ...without(a.headers, 'cache-control'),
                date: 'Thu, 01 Jan 2026 00:00:00 GMT',
                expires: 'Thu, 01 Jan 2026 00:01:00 GMT',
              },
            },
      ),
      warnings: [],
    },
    'no delta updates of a short playlist (Apple 14.4)': {
      mutation: model((p) => ({ ...p, serverControl: { canBlockReload: true, holdBack: 6, partHoldBack: 1.05 } })),
      warnings: [],
    },
    'a delta update without the segment that the boundary falls within (§6.2.5.1)': {
      mutation: delta((p) => ({
        ...p,
        skippedSegments: (p.skippedSegments ?? 0) + 1,
        segments: p.segments.slice(1),
      })),
      warnings: [],
    },
    'a key frame in the middle of a part that says INDEPENDENT (§4.4.4.9)': {
      mutation: { fragment: (f) => ({ ...f, key: f.rendition === 'a2', lateKey: true }) },
      warnings: ['independent-late'],
    },
    'a part in the middle of a segment that is a gap (§4.4.4.9)': {
      mutation: {
        ...model((p) => {
          const gaps = (parts: typeof p.trailingParts) =>
            parts.map((part, i) => (i === 2 ? { ...part, gap: true } : part))
          return {
            ...p,
            segments: p.segments.map((s) => ({ ...s, parts: gaps(s.parts) })),
            trailingParts: gaps(p.trailingParts),
          }
        }),
        // Only of segments that list their parts from the start of the check on.
        fragment: (f) => (f.part >= 6 * 17 && f.part % 6 === 2 ? { ...f, bytes: new Uint8Array() } : f),
      },
      warnings: [],
    },
    'frames longer than PART-TARGET in parts that say PART-TARGET (§4.4.4.9)': {
      mutation: longFrames,
      warnings: ['frame-longer-than-part'],
    },
    'a peak less than 25 % above BANDWIDTH while live (Apple 1.29)': {
      mutation: { top: (p) => ({ ...p, variants: p.variants.map((v) => ({ ...v, bandwidth: 110_000 })) }) },
      warnings: [],
    },
  }
