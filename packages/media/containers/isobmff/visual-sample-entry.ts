import { parseAvcC } from '../../codecs/h264/avcc.ts'
import { parseSps } from '../../codecs/h264/sps.ts'
import type { ColourDescription } from '../../codecs/h264/vui.ts'
import { MediaError } from '../../error.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { type BoxTree, box, fields } from './box-writer.ts'

/** VisualSampleEntry (ISO/IEC 14496-12 §12.1.3) of the track's codec. Throws as its parser. */
export function visualSampleEntry(config: VideoTrackConfig): BoxTree {
  if (config.codec !== 'h264') throw new MediaError('unsupported', `mp4: no sample entry for ${config.codec}`)
  return avc1(config)
}

/** AVCSampleEntry (ISO/IEC 14496-15 §5.4.2.1) over VisualSampleEntry (ISO/IEC 14496-12 §12.1.3). */
function avc1(config: VideoTrackConfig): BoxTree {
  const [horizontal, vertical] = config.sampleAspectRatio
  const colour = colourOf(config.decoderConfig)
  return box(
    'avc1',
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
