import { AVCC } from '@bandstand/media/codecs/h264/fixtures.ts'
import { brokenTexts } from '@bandstand/media/manifests/hls/samples.ts'
import { longFrames } from './allowed-fixture.ts'
import {
  answer,
  asMutation,
  control,
  delta,
  header,
  isMedia,
  isPlaylist,
  lateToClose,
  model,
  ofType,
  partsOf,
  reports,
  resting,
  segments,
  segmentsOf,
  variant,
  withControl,
  without,
  withText,
} from './mutation-fixture.ts'
import type { Mutation } from './stream-fixture.ts'

/** For every rule what breaks it, as one change of a stream that is right. */
export const broken: Readonly<Record<string, readonly Mutation[]>> = {
  ...Object.fromEntries(Object.entries(brokenTexts).map(([rule, texts]) => [rule, texts.slice(0, 2).map(asMutation)])),

  'playlist-unreachable': [
    answer((a, r) => (r.file === 'index.m3u8' && r.rendition === 'a2' ? { ...a, status: 404 } : a)),
    answer((a, r) => (r.rendition === 'top' ? { ...a, status: 500 } : a)),
  ],
  'playlist-unreadable': [answer((a, r) => (isPlaylist(r) ? { ...a, body: Buffer.from('x'.repeat(20_000)) } : a))],
  'media-unreachable': [answer((a, r) => (r.file.startsWith('s') ? { ...a, status: 404 } : a))],
  'playlist-content-type': [header(isPlaylist, 'content-type', 'text/plain'), header(isPlaylist, 'content-type')],
  // The top playlist is asked for at a path of another name.
  'playlist-not-named': [
    { ...header(isPlaylist, 'content-type', 'text/plain'), topName: 'play' },
    { ...header(isPlaylist, 'content-type'), topName: 'play.txt' },
  ],
  'media-content-type': [header(isMedia, 'content-type', 'application/octet-stream')],
  'cors-missing': [header(isPlaylist, 'access-control-allow-origin'), header(isMedia, 'access-control-allow-origin')],
  'live-playlist-cached-long': [
    header(isPlaylist, 'cache-control', 'max-age=60'),
    header(isPlaylist, 'cache-control', 's-maxage=4, max-age=1'),
  ],
  'live-playlist-cached-over-half': [header(isPlaylist, 'cache-control', 'max-age=2')],
  'playlist-cache-unsaid': [header(isPlaylist, 'cache-control')],
  'media-cached-briefly': [
    header(isMedia, 'cache-control', 'no-cache'),
    header(isMedia, 'cache-control', 'max-age=11'),
    header(isMedia, 'cache-control'),
  ],
  'missing-cached': [
    answer((a) => (a.status === 404 ? { ...a, headers: { ...a.headers, 'cache-control': 'max-age=60' } } : a)),
  ],
  'missing-not-said': [answer((a) => (a.status === 404 ? { ...a, status: 200 } : a))],
  'playlist-not-compressed': [header(isPlaylist, 'content-encoding')],
  'range-not-honoured': [
    answer((a) => (a.status === 206 ? { ...a, status: 200 } : a)),
    answer((a) => (a.status === 206 ? { ...a, body: a.body.subarray(1) } : a)),
  ],
  'head-differs': [
    answer((a, r) => (r.method === 'HEAD' ? { ...a, status: 405 } : a)),
    answer((a, r) => (r.method === 'HEAD' ? { ...a, headers: { ...a.headers, 'content-length': '1' } } : a)),
  ],
  'not-utf8': [answer((a, r) => (isPlaylist(r) ? { ...a, body: Buffer.concat([a.body, Uint8Array.of(0xff)]) } : a))],

  'variants-none': [{ top: (p) => ({ ...p, variants: [] }) }],
  'variant-not-media': [{ text: () => '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n' }],
  'variant-codecs-missing': [variant((v) => without(v, 'codecs'))],
  'variant-resolution-missing': [variant((v) => without(v, 'resolution'))],
  'variant-frame-rate-missing': [variant((v) => without(v, 'frameRate'))],
  'variant-group-unknown': [
    variant((v) => ({ ...v, audio: 'other' })),
    variant((v) => ({ ...v, subtitles: 'audio' })),
    variant((v) => ({ ...v, closedCaptions: 'audio' })),
  ],
  'group-names-not-unique': [{ top: (p) => ({ ...p, renditions: [...p.renditions, ...p.renditions] }) }],
  'group-defaults-many': [
    { top: (p) => ({ ...p, renditions: [...p.renditions, ...p.renditions.map((r) => ({ ...r, name: 'Second' }))] }) },
  ],

  'hold-back-small': [control({ holdBack: 5 })],
  'part-hold-back-missing': [
    model((p) => ({ ...p, serverControl: { canBlockReload: true, holdBack: 6, canSkipUntil: 12 } })),
  ],
  'part-hold-back-small': [control({ partHoldBack: 0.5 })],
  'part-hold-back-tight': [control({ partHoldBack: 0.8 })],
  'can-skip-until-small': [control({ canSkipUntil: 10 })],
  'blocking-reload-missing': [control({ canBlockReload: false })],
  'delta-update-missing': [
    model((p) => ({
      ...p,
      serverControl: { canBlockReload: true, partHoldBack: 1.05 },
      segments: p.segments.map((s) => ({ ...s, duration: 10 })),
    })),
  ],
  'preload-hint-missing': [model((p) => without(p, 'preloadHint'))],
  'rendition-report-missing': [model((p) => ({ ...p, renditionReports: [] })), resting(() => [])],
  'program-date-time-missing': [{ ...segments((s) => without(s, 'programDateTime')), lowLatency: false }],
  'low-latency-date-missing': [segments((s) => without(s, 'programDateTime'))],
  'program-date-time-ambiguous': [
    segments((s, msn) => ({ ...s, programDateTime: (s.programDateTime ?? 0) - (msn >= 15 ? 1_000 : 0) })),
  ],
  'program-date-time-inconsistent': [
    segments((s, msn) => ({ ...s, programDateTime: (s.programDateTime ?? 0) + (msn >= 15 ? 5_000 : 0) })),
    segments((s, msn) => ({ ...s, programDateTime: (s.programDateTime ?? 0) - (msn >= 15 ? 500 : 0) })),
  ],
  'parts-only': [
    model((p) => ({
      ...p,
      mediaSequence: p.mediaSequence + p.segments.length,
      segments: [],
      trailingHead: { discontinuity: false, map: { uri: 'i1.mp4' } },
    })),
  ],
  'parts-old': [segments((s, msn) => (msn === 12 ? { ...s, parts: partsOf(12) } : s))],
  'parts-sum': [segments((s) => ({ ...s, parts: s.parts.slice(0, -1) }))],
  'gap-parts': [segments((s, msn) => (msn === 19 ? { ...s, gap: true } : s))],
  'server-control-differs': [
    model((p, { rendition }) => withControl(p, { holdBack: rendition === 'v1' ? 6 : 7 })),
    model((p, { rendition }) => (rendition === 'v1' ? p : without(p, 'serverControl'))),
  ],
  'target-durations-differ': [model((p, { rendition }) => ({ ...p, targetDuration: rendition === 'v1' ? 2 : 3 }))],

  'playlist-types-differ': [
    { text: (text, { rendition }) => (rendition === 'v1' ? text : ofType('EVENT', text)) },
    {
      lowLatency: false,
      position: () => 122,
      model: (p, { rendition }) => ({ ...p, endList: true, ...(rendition === 'v1' && { playlistType: 'VOD' }) }),
    },
  ],
  'dates-in-some': [segmentsOf('a2', (s) => without(s, 'programDateTime'))],
  'timelines-differ': [
    segmentsOf('a2', (s) => ({ ...s, programDateTime: (s.programDateTime ?? 0) + 5_000 })),
    // Another origin of timestamps.
    { fragment: (f) => (f.rendition === 'a2' ? { ...f, start: f.start + 48_000 * 2 } : f) },
  ],
  'discontinuities-differ': [
    model((p, { rendition }) =>
      rendition === 'a2' ? { ...p, discontinuitySequence: p.discontinuitySequence + 7 } : p,
    ),
  ],

  'window-short': [
    model((p) => ({ ...p, mediaSequence: p.mediaSequence + p.segments.length - 2, segments: p.segments.slice(-2) })),
    { ...model((p) => ({ ...p, targetDuration: 11 })), lowLatency: false },
  ],
  'playlist-type-live': [{ text: (text) => ofType('EVENT', text) }],
  'media-sequence-fell': [
    model((p, { reading }) => (reading === 5 ? { ...p, mediaSequence: p.mediaSequence - 2 } : p)),
  ],
  'end-fell': [{ position: (parts, r) => (r.before === 5 ? parts - 4 : parts) }],
  'discontinuity-sequence-fell': [
    model((p, { reading }) => ({ ...p, discontinuitySequence: p.discontinuitySequence + (reading < 3 ? 5 : 4) })),
  ],
  // The tag leaves with its segment and is not counted.
  'discontinuity-sequence-wrong': [model((p) => ({ ...p, discontinuitySequence: 0 }))],
  'segment-changed': [
    segments((s, msn, reading) => (msn === 15 && reading > 3 ? { ...s, uri: 'other.m4s' } : s)),
    segments((s, msn, reading) => (msn === 15 && reading > 3 ? { ...s, duration: 1.9 } : s)),
    segments((s, msn, reading) => (msn === 15 && reading > 3 ? { ...s, gap: true } : s)),
    // The map's tag leaves with its segment and is not repeated.
    segments((s, msn) => (msn > 8 ? without(s, 'map') : s)),
  ],
  'program-date-time-changed': [
    segments((s, _msn, reading) => ({ ...s, programDateTime: (s.programDateTime ?? 0) + reading * 10 })),
  ],
  'part-changed': [
    segments((s, _msn, reading) => ({
      ...s,
      parts: s.parts.map((p, i) => (i === 2 && reading > 3 ? { ...p, uri: 'x' } : p)),
    })),
    segments((s, _msn, reading) => ({
      ...s,
      parts: s.parts.map((p, i) => (i === 2 && reading > 3 ? { ...p, duration: 0.3 } : p)),
    })),
    segments((s, _msn, reading) => ({ ...s, parts: reading > 3 ? s.parts.slice(0, -1) : s.parts })),
  ],
  'target-duration-changed': [model((p, { reading }) => ({ ...p, targetDuration: reading > 3 ? 3 : 2 }))],
  'part-target-changed': [model((p, { reading }) => ({ ...p, partTarget: reading > 3 ? 0.34 : 0.35 }))],
  'hold-back-changed': [model((p, { reading }) => withControl(p, { partHoldBack: reading > 3 ? 1.1 : 1.05 }))],
  'version-changed': [model((p, { reading }) => ({ ...p, version: reading > 3 ? 10 : 9 }))],
  'changed-after-end': [
    model((p, { reading }) => ({ ...p, endList: reading < 1 })),
    // The reading after the end lists one segment more.
    model((p, { reading }) => ({ ...p, endList: true, segments: reading < 1 ? p.segments.slice(0, -1) : p.segments })),
  ],
  stalled: [{ position: (parts) => Math.min(parts, 125), impatient: true }],

  'blocking-not-held': [
    { impatient: true },
    // A segment that is closed without the part that was asked for, and nothing of the next one.
    lateToClose,
  ],
  'blocking-slow': [
    { delay: (r) => (r.file === 'index.m3u8' && r.query.has('_HLS_msn') && r.before === 2 ? 9_000 : 0) },
  ],
  'far-future-accepted': [answer((a, r) => (r.query.has('_HLS_msn') && a.status === 400 ? { ...a, status: 200 } : a))],
  'part-without-segment-accepted': [
    answer((a, r) => (!r.query.has('_HLS_msn') && a.status === 400 ? { ...a, status: 200 } : a)),
  ],
  'delta-inconsistent': [
    delta((p) => ({ ...p, skippedSegments: (p.skippedSegments ?? 0) + 1 })),
    delta((p) => ({ ...p, targetDuration: 3 })),
    delta((p) => ({ ...p, segments: p.segments.map((s) => ({ ...s, uri: `x${s.uri}` })) })),
    delta((p) => ({ ...p, segments: p.segments.map((s) => ({ ...s, duration: 1.99 })) })),
    delta((p) => ({ ...p, segments: p.segments.map((s, i) => ({ ...s, discontinuity: i === 2 })) })),
    delta((p) => ({ ...p, mediaSequence: p.mediaSequence - 1, skippedSegments: (p.skippedSegments ?? 0) + 1 })),
  ],
  'delta-not-given': [
    { answer: (a, r) => (r.query.has('_HLS_skip') ? withText(a, (t) => t.replace(/#EXT-X-SKIP.*\n/, '')) : a) },
  ],
  'delta-skips-too-much': [
    delta((p) => ({ ...p, skippedSegments: (p.skippedSegments ?? 0) + 3, segments: p.segments.slice(3) })),
  ],
  'hint-broken': [model((p, { parts }) => ({ ...p, preloadHint: { type: 'PART', uri: `p${parts + 1}.m4s` } }))],
  'hint-not-served': [
    answer((a, r) =>
      r.file.startsWith('p') && r.before === 0 && Number(r.file.slice(1, -4)) > 122 ? { ...a, status: 404 } : a,
    ),
  ],
  'rendition-report-wrong': [
    reports(2),
    reports(-4),
    // What is left out is that of the playlist itself; that segment never has so many parts.
    model((p) => ({
      ...p,
      renditionReports: p.renditionReports.map((r) => ({ ...without(r, 'lastMsn'), lastPart: 40 })),
    })),
  ],
  'blocking-answer-cached-briefly': [
    answer((a, r) => (r.query.has('_HLS_msn') ? { ...a, headers: { ...a.headers, 'cache-control': 'max-age=1' } } : a)),
  ],

  'bytes-changed': [
    answer((a, r) => (isMedia(r) && r.before > 0 && a.status === 200 ? { ...a, body: a.body.toReversed() } : a)),
  ],
  'media-unreadable': [
    answer((a, r) => (/^[ps]/.test(r.file) ? { ...a, body: a.body.subarray(0, -10) } : a)),
    answer((a, r) => (r.file.startsWith('i') && isMedia(r) ? { ...a, body: a.body.subarray(0, 60) } : a)),
  ],
  'map-missing': [segments((s) => without(s, 'map'))],
  'segment-duration-wrong': [segments((s) => ({ ...s, duration: 1.4 }))],
  'segment-duration-inaccurate': [segments((s) => ({ ...s, duration: 1.9 }))],
  'part-duration-wrong': [{ fragment: (f) => ({ ...f, sampleDuration: Math.round(f.sampleDuration * 0.9) }) }],
  'frame-longer-than-part': [longFrames],
  'decode-time-gap': [{ fragment: (f) => ({ ...f, start: f.start + (f.part > 125 ? 1_800 : 0) }) }],
  'discontinuity-missing': [
    {
      avcC: (init) => (init === 9 ? AVCC.interlaced : AVCC.hd1080),
      model: (p) => ({
        ...p,
        segments: p.segments.map((s, i) => (p.mediaSequence + i === 19 ? { ...s, map: { uri: 'i9.mp4' } } : s)),
      }),
    },
  ],
  'independent-wrong': [{ fragment: (f) => ({ ...f, key: f.rendition === 'a2' }) }],
  'independent-late': [{ fragment: (f) => ({ ...f, key: f.rendition === 'a2', lateKey: true }) }],
  'segment-without-key': [{ fragment: (f) => ({ ...f, key: f.rendition === 'a2' }) }],
  'independent-unsaid': [{ fragment: (f) => ({ ...f, key: true }) }],
  'independent-segments-wrong': [
    { top: (p) => ({ ...p, independentSegments: true }), fragment: (f) => ({ ...f, key: f.rendition === 'a2' }) },
    { model: (p) => ({ ...p, independentSegments: true }), fragment: (f) => ({ ...f, key: f.rendition === 'a2' }) },
  ],
  'parts-differ-from-segment': [
    answer((a, r) =>
      r.file.startsWith('s') && r.rendition === 'v1'
        ? { ...a, body: a.body.subarray(0, Buffer.from(a.body).lastIndexOf('moof') - 4) }
        : a,
    ),
  ],
  'codecs-wrong': [
    variant((v) => ({ ...v, codecs: ['avc1.64001f', 'mp4a.40.2'] })),
    variant((v) => ({ ...v, codecs: ['avc1.42c028'] })),
  ],
  'resolution-wrong': [
    variant((v) => ({ ...v, resolution: { width: 1280, height: 720 } })),
    variant((v) => ({ ...v, resolution: { width: 1920, height: 800 } })),
  ],
  'bandwidth-exceeded': [variant((v) => ({ ...v, bandwidth: 90_000 }))],
}
