import { NAL, nalSizeAt, nalType } from '../../codecs/h264/nal.ts'
import { MediaError } from '../../error.ts'
import { RTP_LIMITS } from './limits.ts'
import { createPayload, type RtpPayload } from './payload.ts'

/** `type` of RFC 6184 table 1 for what is written here. */
const STAP_A = 24
const FU_A = 28
/** F and NRI of a NAL unit's first byte. */
const F = 0x80
const NRI = 0x60

/**
 * RTP payloads of one access unit, packetization-mode 1 (RFC 6184 §6.3): small NAL units together (STAP-A, §5.7.1), large ones
 * in fragments of nearly equal size (FU-A, §5.8), others alone (§5.6). The last has the marker. Empty for a unit with nothing
 * to send.
 * @param unit NAL units with 4-byte lengths.
 * @param parameterSets put in front, with 4-byte lengths (`inBandParameterSets`): for key frames, since a peer may join
 * at any of them and the SDP of all peers is the same. Empty for other units.
 * @param maxPayload bytes of a payload at most, 4 or more; throws `too-large` below. Throws `truncated` as `nalSizeAt`.
 */
export function packetizeH264(unit: Uint8Array, parameterSets: Uint8Array, maxPayload: number): RtpPayload[] {
  if (!(maxPayload >= 4)) throw new MediaError('too-large', `rtp: nothing fits into payloads of ${maxPayload} bytes`)
  const nals = [...nalUnits(parameterSets), ...nalUnits(unit)]
  const payloads: RtpPayload[] = []
  for (let i = 0; i < nals.length; ) {
    const count = aggregate(nals, i, maxPayload)
    const last = i + count === nals.length
    const nal = nals[i] as Uint8Array
    if (count > 1) payloads.push(stapA(nals.slice(i, i + count), last))
    else if (nal.byteLength <= maxPayload) payloads.push(single(nal, last))
    else fragments(nal, maxPayload, last, payloads)
    i += count
  }
  return payloads
}

/** Delimiters and padding mean nothing in RTP; types 0 and 24 to 31 would be taken for payload structures (table 1). */
function* nalUnits(data: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < data.byteLength; ) {
    const size = nalSizeAt(data, at, 4)
    const start = at + 4
    at = start + size
    const type = nalType(data[start] ?? 0)
    if (size > 0 && type > 0 && type < STAP_A && type !== NAL.accessUnitDelimiter && type !== NAL.fillerData) {
      yield data.subarray(start, at)
    }
  }
}

/** How many NAL units from `from` on fit into one STAP-A; 1 when the next does not. */
function aggregate(nals: readonly Uint8Array[], from: number, maxPayload: number): number {
  let size = 1
  let to = from
  for (; to < nals.length; to++) {
    size += 2 + (nals[to]?.byteLength ?? 0)
    if (size > maxPayload) break
  }
  return Math.max(1, to - from)
}

function single(nal: Uint8Array, marker: boolean): RtpPayload {
  const payload = createPayload(nal.byteLength, marker)
  payload.buffer.set(nal, RTP_LIMITS.headroom)
  return payload
}

/** F is set if one has it, NRI is the highest (§5.7). */
function stapA(nals: readonly Uint8Array[], marker: boolean): RtpPayload {
  const length = nals.reduce((sum, nal) => sum + 2 + nal.byteLength, 1)
  const payload = createPayload(length, marker)
  const { buffer } = payload
  let forbidden = 0
  let importance = 0
  let at = RTP_LIMITS.headroom + 1
  for (const nal of nals) {
    const first = nal[0] ?? 0
    forbidden |= first & F
    importance = Math.max(importance, first & NRI)
    buffer[at] = nal.byteLength >> 8
    buffer[at + 1] = nal.byteLength
    buffer.set(nal, at + 2)
    at += 2 + nal.byteLength
  }
  buffer[RTP_LIMITS.headroom] = forbidden | importance | STAP_A
  return payload
}

/** The NAL unit's first byte is not sent: indicator and header of each fragment hold it. At least two, as §5.8 demands. */
function fragments(nal: Uint8Array, maxPayload: number, last: boolean, payloads: RtpPayload[]): void {
  const first = nal[0] ?? 0
  const body = nal.byteLength - 1
  const count = Math.ceil(body / (maxPayload - 2))
  for (let i = 0; i < count; i++) {
    const from = 1 + Math.floor((i * body) / count)
    const to = 1 + Math.floor(((i + 1) * body) / count)
    const end = i === count - 1
    const payload = createPayload(2 + to - from, last && end)
    payload.buffer[RTP_LIMITS.headroom] = (first & (F | NRI)) | FU_A
    payload.buffer[RTP_LIMITS.headroom + 1] = (i === 0 ? 0x80 : 0) | (end ? 0x40 : 0) | (first & 0x1f)
    payload.buffer.set(nal.subarray(from, to), RTP_LIMITS.headroom + 2)
    payloads.push(payload)
  }
}
