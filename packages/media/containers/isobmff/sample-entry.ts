import { concatBytes } from '../../bytes/bytes.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { parseAvcC } from '../../codecs/h264/avcc.ts'
import { parseSps } from '../../codecs/h264/sps.ts'
import type { ColourDescription } from '../../codecs/h264/vui.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig, TrackConfig, VideoTrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox } from './box-writer.ts'

/** The `stsd` box with one sample entry for each configuration, in order. Throws as the codecs' parsers. */
export function sampleDescriptions(configs: readonly TrackConfig[]): BoxTree {
  return fullBox(
    'stsd',
    0,
    0,
    fields((w) => w.u32(configs.length)),
    ...configs.map(sampleEntry),
  )
}

function sampleEntry(config: TrackConfig): BoxTree {
  switch (config.codec) {
    case 'h264':
      return avc1(config)
    case 'aac':
      return mp4a(config)
    default:
      throw new MediaError('unsupported', `mp4: no sample entry for ${config.codec}`, { structure: 'stsd' })
  }
}

/** AVCSampleEntry (ISO/IEC 14496-15 §5.4.2.1) over VisualSampleEntry (ISO/IEC 14496-12 §12.1.3). */
function avc1(config: VideoTrackConfig): BoxTree {
  const [horizontal, vertical] = config.sampleAspectRatio
  const colour = colourOf(config.decoderConfig)
  return box(
    'avc1',
    fields(
      (w) =>
        sampleEntryHead(w)
          .bytes(new Uint8Array(16)) // pre_defined, reserved
          .u16(config.width)
          .u16(config.height)
          .u32(0x0048_0000) // 72 dpi
          .u32(0x0048_0000)
          .u32(0)
          .u16(1) // frame_count
          .bytes(new Uint8Array(32)) // compressorname
          .u16(0x0018) // depth
          .u16(0xffff), // pre_defined
    ),
    box('avcC', config.decoderConfig),
    ...(horizontal === vertical
      ? []
      : [
          box(
            'pasp',
            fields((w) => w.u32(horizontal).u32(vertical)),
          ),
        ]),
    ...(colour === undefined ? [] : [colr(colour)]),
  )
}

function colourOf(avcC: Uint8Array): ColourDescription | undefined {
  const sps = parseAvcC(avcC).sps[0]
  return sps === undefined ? undefined : parseSps(sps).colour
}

/** ColourInformationBox (ISO/IEC 14496-12 §12.1.5). */
function colr(colour: ColourDescription): BoxTree {
  return box(
    'colr',
    fields((w) =>
      w
        .ascii('nclx')
        .u16(colour.primaries)
        .u16(colour.transfer)
        .u16(colour.matrix)
        .u8(colour.fullRange ? 0x80 : 0),
    ),
  )
}

/** MP4AudioSampleEntry (ISO/IEC 14496-14 §6.7.2) over AudioSampleEntry (ISO/IEC 14496-12 §12.2.3). */
function mp4a(config: AudioTrackConfig): BoxTree {
  // 16.16 fixed point: rates above 65535 Hz do not fit and are told by the AudioSpecificConfig alone.
  const rate = config.sampleRate > 0xffff ? 0 : config.sampleRate
  return box(
    'mp4a',
    fields((w) =>
      sampleEntryHead(w)
        .bytes(new Uint8Array(8))
        .u16(config.channels)
        .u16(16) // samplesize
        .u32(0)
        .u16(rate)
        .u16(0),
    ),
    fullBox('esds', 0, 0, elementaryStreamDescriptor(config.decoderConfig)),
  )
}

function sampleEntryHead(w: ByteWriter): ByteWriter {
  return w.bytes(new Uint8Array(6)).u16(1) // reserved, data_reference_index
}

/** ES_Descriptor (ISO/IEC 14496-1 §7.2.6.5) for MPEG-4 audio. */
function elementaryStreamDescriptor(asc: Uint8Array): Uint8Array {
  const decoderConfig = concatBytes([
    fields(
      (w) =>
        w
          .u8(0x40) // objectTypeIndication: ISO/IEC 14496-3
          .u8(0x15) // streamType 5 (audio), upStream 0, reserved 1
          .u24(0) // bufferSizeDB
          .u32(0) // maxBitrate: unknown
          .u32(0), // avgBitrate: varies
    ),
    descriptor(0x05, asc),
  ])
  // ES_ID is 0 in files; no flags. SLConfigDescriptor predefined 2: as MP4 files need it.
  return descriptor(
    0x03,
    concatBytes([Uint8Array.of(0, 0, 0), descriptor(0x04, decoderConfig), descriptor(0x06, Uint8Array.of(2))]),
  )
}

/** Tag and expandable size (ISO/IEC 14496-1 §8.3.3), two bytes of size where one is not enough. */
function descriptor(tag: number, content: Uint8Array): Uint8Array {
  const size = content.byteLength
  const head = size < 0x80 ? Uint8Array.of(tag, size) : Uint8Array.of(tag, 0x80 | (size >> 7), size & 0x7f)
  return concatBytes([head, content])
}
