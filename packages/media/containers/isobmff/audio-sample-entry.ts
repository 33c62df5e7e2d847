import { concatBytes } from '../../bytes/bytes.ts'
import { parseStreamInfo } from '../../codecs/flac/stream-info.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox } from './box-writer.ts'
import { OBJECT_TYPE } from './esds.ts'

/** AudioSampleEntry (ISO/IEC 14496-12 §12.2.3) of the track's codec. Throws as its parser. */
export function audioSampleEntry(config: AudioTrackConfig): BoxTree {
  const { decoderConfig } = config
  switch (config.codec) {
    case 'aac': // ISO/IEC 14496-14 §6.7.2
      return entry('mp4a', config, esds(OBJECT_TYPE.mpeg4Audio, decoderConfig))
    case 'mp3':
      return entry('mp4a', config, esds(config.sampleRate < 32_000 ? OBJECT_TYPE.mpeg2Audio : OBJECT_TYPE.mpeg1Audio))
    case 'opus': // Encapsulation of Opus in ISO Base Media File Format §4.3
      return entry('Opus', config, box('dOps', decoderConfig))
    case 'ac3': // ETSI TS 102 366 §F.3, §F.5
      return entry('ac-3', config, box('dac3', decoderConfig))
    case 'eac3':
      return entry('ec-3', config, box('dec3', decoderConfig))
    case 'flac': // Encapsulation of FLAC in ISO Base Media File Format §3.3
      return entry('fLaC', config, fullBox('dfLa', 0, 0, decoderConfig), bitsOfFlac(decoderConfig))
  }
}

function entry(type: string, config: AudioTrackConfig, configuration: BoxTree, sampleSize = 16): BoxTree {
  return box(
    type,
    fields((w) =>
      w
        .bytes(new Uint8Array(6)) // reserved
        .u16(1) // data_reference_index
        .bytes(new Uint8Array(8))
        .u16(config.channels)
        .u16(sampleSize)
        .u32(0)
        .u16(rateField(config))
        .u16(0),
    ),
    configuration,
  )
}

/**
 * 16.16 fixed point: rates above 65535 Hz do not fit. They are told by the codec's configuration alone; FLAC's binding asks for the
 * greatest regular division that fits.
 */
function rateField({ codec, sampleRate }: AudioTrackConfig): number {
  if (sampleRate <= 0xffff) return sampleRate
  if (codec !== 'flac') return 0
  let divided = sampleRate
  while (divided > 0xffff && divided % 2 === 0) divided /= 2
  return divided > 0xffff ? 0 : divided
}

/** STREAMINFO stands behind a header of four bytes. */
function bitsOfFlac(decoderConfig: Uint8Array): number {
  return parseStreamInfo(decoderConfig.subarray(4)).bitsPerSample
}

function esds(objectType: number, info?: Uint8Array): BoxTree {
  return fullBox('esds', 0, 0, elementaryStreamDescriptor(objectType, info))
}

/** ES_Descriptor (ISO/IEC 14496-1 §7.2.6.5). @param info DecoderSpecificInfo, where the codec has any. */
function elementaryStreamDescriptor(objectType: number, info: Uint8Array | undefined): Uint8Array {
  const decoderConfig = concatBytes([
    fields(
      (w) =>
        w
          .u8(objectType)
          .u8(0x15) // streamType 5 (audio), upStream 0, reserved 1
          .u24(0) // bufferSizeDB
          .u32(0) // maxBitrate: unknown
          .u32(0), // avgBitrate: varies
    ),
    ...(info === undefined ? [] : [descriptor(0x05, info)]),
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
