import type { PlaylistRule } from './issue.ts'
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
    {
      ...{ uri: 's3-4.m4s', duration: 2, gap: false, discontinuity: false, parts: [] },
      ...{ independent: false, nextIndependent: false },
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

/** Opening of a media playlist. */
export const head = '#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n'
const variant = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n'
/** The same with parts. */
export const partsHead = `${head}#EXT-X-PART-INF:PART-TARGET=0.35\n`
/** For every rule of the parser texts that break it and no other. */
export const brokenTexts: Readonly<Record<PlaylistRule, readonly string[]>> = {
  'first-line': ['#EXTM3U8\n#EXT-X-TARGETDURATION:4\n', '\n#EXTM3U\n#EXT-X-TARGETDURATION:4\n'],
  'byte-order-mark': [`\ufeff${head}`],
  'control-character': [`${head}#EXTINF:4,a\u0007\na\n`, `${head}#EXTINF:4,a\u0085\na\n`],
  'mixed-kind': [`${variant}#EXT-X-MEDIA-SEQUENCE:1\n`],
  'leading-space': [`${head}#EXTINF:4,\n a\n`],
  'duplicate-tag': [
    `${head}#EXT-X-TARGETDURATION:5\n`,
    `${head}#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n`,
    `${head}#EXT-X-START:TIME-OFFSET=1\n#EXT-X-START:TIME-OFFSET=2\n`,
  ],
  'late-tag': [
    `${head}#EXTINF:4,\na\n#EXT-X-MEDIA-SEQUENCE:1\n`,
    `${head}#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXTINF:4,\na\n`,
  ],
  'tag-value': [
    '#EXTM3U\n#EXT-X-TARGETDURATION:0\n',
    `${head}#EXT-X-MEDIA-SEQUENCE:-1\n`,
    `${head}#EXT-X-MEDIA-SEQUENCE:99999999999999999999\n`,
    `${head}#EXTINF:4\na\n`,
    `${head}#EXTINF:x,\na\n`,
    `${head}#EXT-X-PLAYLIST-TYPE:LIVE\n`,
    `${head}#EXT-X-PROGRAM-DATE-TIME:yesterday\n`,
    `${head}#EXT-X-BYTERANGE:a\n`,
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\nw.m3u8\n',
  ],
  'attribute-syntax': [`${head}#EXT-X-MAP:URI="a",b\n`, `${head}#EXT-X-MAP:URI="a",  X=1\n`],
  'attribute-duplicate': [`${head}#EXT-X-MAP:URI="a",URI="b"\n`],
  'attribute-missing': [
    `${head}#EXT-X-MAP:BYTERANGE="1@0"\n`,
    `${head}#EXT-X-PART-INF:\n`,
    `${head}#EXT-X-RENDITION-REPORT:LAST-MSN=1\n`,
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b"\n',
    '#EXTM3U\n#EXT-X-STREAM-INF:CODECS="a"\nv.m3u8\n',
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a"\n',
  ],
  'attribute-value': [
    `${head}#EXT-X-MAP:URI="a",BYTERANGE="x"\n`,
    `${head}#EXT-X-MAP:URI="a",BYTERANGE="100"\n`,
    `${partsHead}#EXT-X-PART:URI="a",DURATION=0.3,INDEPENDENT=yes\n`,
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x\nv.m3u8\n',
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=avc1\nv.m3u8\n',
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",DEFAULT=YES,AUTOSELECT=NO\n',
  ],
  'version-too-low': [
    '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:3.5,\na\n',
    '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="i"\n#EXTINF:3.5,\na\n',
    '#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI="i"\n#EXTINF:3,\na\n',
    '#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:4\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n',
  ],
  'target-duration-missing': ['#EXTM3U\n#EXT-X-VERSION:9\n'],
  'segment-without-duration': [`${head}a\n`],
  'segment-without-uri': [
    `${head}#EXTINF:4,\n`,
    `${head}#EXTINF:4,\n#EXTINF:4,\na\n`,
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n',
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv\n',
  ],
  'segment-too-long': [`${head}#EXTINF:4.5,\na\n`],
  'part-without-target': [`${head}#EXT-X-PART:URI="a",DURATION=0.3\n`],
  'part-too-long': [`${partsHead}#EXT-X-PART:URI="a",DURATION=0.36,INDEPENDENT=YES\n`],
  'part-too-short': [`${partsHead}#EXT-X-PART:URI="a",DURATION=0.2\n#EXT-X-PART:URI="b",DURATION=0.33\n`],
  'byte-range-start': [`${head}#EXT-X-BYTERANGE:5\n#EXTINF:4,\na\n`],
  'media-uri': [
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="a",NAME="b",INSTREAM-ID="CC1",URI="c"\n',
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="a",NAME="b"\n',
  ],
  'hint-after-end': [`${head}#EXTINF:4,\na\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b"\n#EXT-X-ENDLIST\n`],
  'hint-duplicate': [`${head}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b"\n`],
  'skip-misplaced': [`${head}#EXTINF:4,\na\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n`],
}
