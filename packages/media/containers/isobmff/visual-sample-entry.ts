import type { ColourDescription } from '../../codecs/colour.ts'
import { videoFacts } from '../../codecs/video-facts.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox } from './box-writer.ts'

/** VisualSampleEntry (ISO/IEC 14496-12 §12.1.3) of the track's codec. Throws as its parser. */
export function visualSampleEntry(config: VideoTrackConfig): BoxTree {
  const { decoderConfig } = config
  switch (config.codec) {
    case 'h264': // ISO/IEC 14496-15 §5.4.2.1
      return entry('avc1', config, box('avcC', decoderConfig))
    case 'hevc': // §8.4.1.1
      return entry('hvc1', config, box('hvcC', decoderConfig))
    case 'av1': // AV1 Codec ISO Media File Format Binding §2.2
      return entry('av01', config, box('av1C', decoderConfig))
    case 'vp9': // VP Codec ISO Media File Format Binding
      return entry('vp09', config, fullBox('vpcC', 1, 0, decoderConfig))
    case 'vp8':
      return entry('vp08', config, fullBox('vpcC', 1, 0, decoderConfig))
  }
}

function entry(type: string, config: VideoTrackConfig, configuration: BoxTree): BoxTree {
  const [horizontal, vertical] = config.sampleAspectRatio
  const { colour } = videoFacts(config)
  return box(
    type,
    fields(
      (w) =>
        w
          .bytes(new Uint8Array(6)) // reserved
          .u16(1) // data_reference_index
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
    configuration,
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
