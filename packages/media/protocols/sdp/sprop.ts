import { fromBase64 } from '../../bytes/base64.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { NAL, nalType } from '../../codecs/h264/nal.ts'
import { HEVC_NAL, hevcNalType } from '../../codecs/hevc/nal.ts'

/** Parameters that hold parameter sets, and the types of NAL unit that may stand there (RFC 6184 §8.1, RFC 7798 §7.1). */
const H264: readonly Sprop[] = [{ name: 'sprop-parameter-sets', types: [NAL.sps, NAL.pps] }]
const HEVC: readonly Sprop[] = [
  { name: 'sprop-vps', types: [HEVC_NAL.vps] },
  { name: 'sprop-sps', types: [HEVC_NAL.sps] },
  { name: 'sprop-pps', types: [HEVC_NAL.pps] },
]

interface Sprop {
  readonly name: string
  readonly types: readonly number[]
}

/**
 * The parameter sets of an `a=fmtp`, as an access unit without picture: NAL units with lengths of 4 bytes. Some senders have them there
 * and never in the stream. What is no Base64, or no parameter set, is left out; `undefined` where nothing is left. How much there can be is
 * bounded by `SDP_LIMITS.line`.
 *
 * @param parameters as `formatParameters` gives them.
 */
export function readSprop(codec: 'h264' | 'hevc', parameters: ReadonlyMap<string, string>): Uint8Array | undefined {
  const writer = new ByteWriter()
  for (const { name, types } of codec === 'h264' ? H264 : HEVC) {
    for (const text of (parameters.get(name) ?? '').split(',')) {
      const nal = fromBase64(text.trim())
      const first = nal?.[0]
      if (nal === undefined || first === undefined) continue
      const type = codec === 'h264' ? nalType(first) : hevcNalType(first)
      if (types.includes(type)) writer.u32(nal.byteLength).bytes(nal)
    }
  }
  const unit = writer.finish()
  return unit.byteLength > 0 ? unit : undefined
}
