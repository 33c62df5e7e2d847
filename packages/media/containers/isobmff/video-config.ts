import { videoConfigFromAv1C } from '../../codecs/av1/config.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { videoConfigFromHvcC } from '../../codecs/hevc/config.ts'
import { videoConfigFromVpcC } from '../../codecs/vp9/config.ts'
import { parseVpcC } from '../../codecs/vp9/vpcc.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { type Box, findBox, openFullBox } from './box.ts'

/**
 * The track's configuration from the boxes in its sample entry; `undefined` for codecs that are not carried. Throws as their parsers.
 * @param format FourCC without encryption. `size` is what the sample entry says.
 */
export function videoConfigOf(
  format: string,
  children: readonly Box[],
  size: { readonly width: number; readonly height: number },
): VideoTrackConfig | undefined {
  const from = (type: string, read: (box: Box) => VideoTrackConfig) => {
    const box = findBox(children, type)
    return box === undefined ? undefined : read(box)
  }
  const vp = (codec: 'vp8' | 'vp9') => (box: Box) =>
    videoConfigFromVpcC(codec, size, parseVpcC(openFullBox(box).reader.rest()))
  switch (format) {
    case 'avc1':
    case 'avc3':
      return from('avcC', ({ content }) => videoConfigFromAvcC(content))
    case 'hvc1':
    case 'hev1':
      return from('hvcC', ({ content }) => videoConfigFromHvcC(content))
    case 'av01':
      return from('av1C', ({ content }) => videoConfigFromAv1C(content))
    case 'vp08':
      return from('vpcC', vp('vp8'))
    case 'vp09':
      return from('vpcC', vp('vp9'))
    default:
      return undefined
  }
}
