import assert from 'node:assert/strict'
import { test } from 'node:test'
import { videoConfigFromSequenceHeader } from '../../codecs/av1/config.ts'
import { fromHex } from '../../codecs/h264/fixtures.ts'
import { videoConfigFromHevcSets } from '../../codecs/hevc/config.ts'
import { HEVC } from '../../codecs/hevc/fixtures.ts'
import { videoConfigFromVp8KeyFrame } from '../../codecs/vp8/config.ts'
import { videoConfigFromVp9KeyFrame } from '../../codecs/vp9/config.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { writeInitSegment } from './init.ts'
import { parseInitSegment } from './parse-init.ts'

const hevc = ({ vps, sps, pps }: { vps: Uint8Array; sps: Uint8Array; pps: Uint8Array }) =>
  videoConfigFromHevcSets({ vps: [vps], sps: [sps], pps: [pps] })

const HDR: readonly number[] = [9, 16, 9]
const HLG: readonly number[] = [9, 18, 9]

/** FourCC, track, and the code points of its `colr`. */
const tracks: readonly (readonly [string, VideoTrackConfig, readonly number[] | undefined])[] = [
  ['hvc1', hevc(HEVC.hd1080), undefined],
  ['hvc1', hevc(HEVC.hdr10), HDR],
  ['av01', videoConfigFromSequenceHeader(fromHex('0a0b 00000042abbfc3700be001')), undefined],
  ['av01', videoConfigFromSequenceHeader(fromHex('0a0e 00000042abbfc3700be142448241')), HLG],
  ['vp09', videoConfigFromVp9KeyFrame(fromHex('824983420014100b560638241c184a000b905fc9')), undefined],
  ['vp08', videoConfigFromVp8KeyFrame(fromHex('106700 9d012a 4201 b600 00070885')), [6, 6, 6]],
]

for (const [fourcc, config, colour] of tracks) {
  test(`an initialisation segment with ${config.codecString} is read as it was written`, () => {
    const bytes = writeInitSegment(1, config)
    const [track] = parseInitSegment(bytes).tracks
    const [entry] = track?.entries ?? []
    const { frameRate: _, ...rest } = config
    assert.equal(track?.handler, 'vide')
    assert.equal(entry?.fourcc, fourcc)
    assert.equal(entry?.codecString, config.codecString)
    assert.deepEqual(entry?.config, config.codec === 'hevc' ? config : rest)
    const at = Buffer.from(bytes).indexOf('colrnclx')
    const points = at === -1 ? undefined : [9, 11, 13].map((i) => bytes[at + i])
    assert.deepEqual(points, colour)
  })
}
