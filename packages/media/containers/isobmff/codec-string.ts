import { BitReader } from '../../bytes/bit-reader.ts'
import { ByteReader } from '../../bytes/reader.ts'
import { hevcCodecParameters, parseProfileTierLevel } from '../../codecs/hevc/profile.ts'
import { type Box, findBox, openFullBox } from './box.ts'
import { OBJECT_TYPE, parseEsds } from './esds.ts'

/**
 * RFC 6381 codec string of a sample entry from its FourCC and the boxes in it; the FourCC where nothing more is known.
 * Throws `truncated` when the configuration ends early.
 */
export function codecString(format: string, children: readonly Box[]): string {
  const record = (type: string) => {
    const box = findBox(children, type)
    return box === undefined ? undefined : new ByteReader(box.content, type)
  }
  switch (format) {
    case 'avc1':
    case 'avc3':
      return withRecord(format, record('avcC'), avc)
    case 'hvc1':
    case 'hev1':
      return withRecord(format, record('hvcC'), hevc)
    case 'av01':
      return withRecord(format, record('av1C'), av1)
    case 'vp08':
    case 'vp09': {
      const box = findBox(children, 'vpcC')
      return withRecord(format, box === undefined ? undefined : openFullBox(box).reader, vp)
    }
    case 'mp4a': {
      const esds = findBox(children, 'esds')
      return esds === undefined ? format : mp4a(parseEsds(esds))
    }
    default:
      return format
  }
}

function withRecord(
  format: string,
  reader: ByteReader | undefined,
  parameters: (reader: ByteReader) => string,
): string {
  return reader === undefined ? format : `${format}.${parameters(reader)}`
}

/** ISO/IEC 14496-15 annex E. */
function avc(reader: ByteReader): string {
  reader.skip(1)
  return `${hex2(reader.u8())}${hex2(reader.u8())}${hex2(reader.u8())}`
}

/** ISO/IEC 14496-15 §E.3. */
function hevc(reader: ByteReader): string {
  reader.skip(1)
  return hevcCodecParameters(parseProfileTierLevel(new BitReader(reader.bytes(12), 'hvcC'), 0))
}

/** AV1 Codec ISO Media File Format Binding §5. */
function av1(reader: ByteReader): string {
  reader.skip(1)
  const first = reader.u8()
  const second = reader.u8()
  const depth = second & 0x40 ? (second & 0x20 ? 12 : 10) : 8
  const tier = second & 0x80 ? 'H' : 'M'
  return `${first >> 5}.${two(first & 0x1f)}${tier}.${two(depth)}`
}

/** VP Codec ISO Media File Format Binding, "Codecs Parameter String". */
function vp(reader: ByteReader): string {
  return `${two(reader.u8())}.${two(reader.u8())}.${two(reader.u8() >> 4)}`
}

/** RFC 6381 §3.3: object type indication, and the audio object type for MPEG-4 audio. MP3 has the one that players know. */
function mp4a({ objectType, asc }: ReturnType<typeof parseEsds>): string {
  if (objectType === OBJECT_TYPE.mpeg1Audio || objectType === OBJECT_TYPE.mpeg2Audio) return 'mp4a.40.34'
  const base = `mp4a.${hex2(objectType)}`
  const first = asc?.[0]
  if (objectType !== OBJECT_TYPE.mpeg4Audio || first === undefined) return base
  const type = first >> 3
  return `${base}.${type === 31 ? 32 + ((first & 7) << 3) + ((asc?.[1] ?? 0) >> 5) : type}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0')
}
