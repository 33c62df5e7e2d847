import { answer, delta, header, isPlaylist, model, segments, withControl, without } from './mutation-fixture.ts'
import type { Mutation } from './stream-fixture.ts'

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
    'a peak less than 25 % above BANDWIDTH while live (Apple 1.29)': {
      mutation: { top: (p) => ({ ...p, variants: p.variants.map((v) => ({ ...v, bandwidth: 110_000 })) }) },
      warnings: [],
    },
  }
