import type { MediaPlaylist, MultivariantPlaylist } from './model.ts'

/** For tests only. */
export const part = (n: number, independent = false) => ({
  uri: `p${n}.m4s`,
  duration: 1 / 3,
  independent,
  gap: false,
})

/** A low-latency playlist that uses every tag of the model. */
export const lowLatency: MediaPlaylist = {
  version: 9,
  targetDuration: 4,
  partTarget: 0.35,
  serverControl: { canBlockReload: true, partHoldBack: 1.05, canSkipUntil: 24, holdBack: 12 },
  mediaSequence: 41,
  discontinuitySequence: 2,
  independentSegments: false,
  iFramesOnly: false,
  segments: [
    { uri: 'g41.m4s', duration: 4, gap: true, discontinuity: false, parts: [] },
    {
      uri: 's1-2.m4s',
      duration: 2,
      gap: false,
      discontinuity: true,
      map: { uri: 'i0.mp4' },
      programDateTime: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      parts: [part(1, true), part(2)],
    },
  ],
  trailingHead: { discontinuity: true, map: { uri: 'i1.mp4', byteRange: { length: 700, start: 0 } } },
  trailingParts: [part(3, true)],
  preloadHint: { type: 'PART', uri: 'p4.m4s' },
  renditionReports: [{ uri: '../a2/index.m3u8', lastMsn: 43, lastPart: 0 }],
  endList: false,
}

/** A multivariant playlist that uses every attribute of the model. */
export const multivariant: MultivariantPlaylist = {
  version: 7,
  independentSegments: false,
  renditions: [
    {
      type: 'AUDIO',
      groupId: 'audio',
      name: 'Sound',
      uri: 'as_1/a2/index.m3u8',
      language: 'en',
      default: true,
      autoselect: true,
      channels: '2',
    },
  ],
  variants: [
    {
      uri: 'as_1/v1/index.m3u8',
      bandwidth: 2_500_000.2,
      averageBandwidth: 2_000_000,
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      resolution: { width: 1280, height: 720 },
      frameRate: 30,
      videoRange: 'SDR',
      audio: 'audio',
      closedCaptions: 'NONE',
    },
  ],
}
