import { ByteReader } from '../../bytes/reader.ts'
import { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'

/**
 * Body of `AudioPacketType.MultichannelConfig` (Enhanced RTMP v2, "ExAudioTagBody").
 *
 * ```
 * | order 8 | channels 8 | custom: speaker 8 for each channel | native: mask 32 |
 * ```
 */
export type ChannelLayout =
  | { readonly order: 'unspecified'; readonly channels: number }
  /** Channels are in the order of the mask's bits (`AudioChannelMask`), from the lowest. */
  | { readonly order: 'native'; readonly channels: number; readonly mask: number }
  /** One of `AudioChannel` for each channel; 0xfe is to be skipped, 0xff unknown. */
  | { readonly order: 'custom'; readonly channels: number; readonly speakers: readonly number[] }

const Order = { unspecified: 0, native: 1, custom: 2 } as const

/** What is behind it is passed over. @throws MediaError `truncated`, or `malformed` for an unknown order or no channel. */
export function parseChannelLayout(data: Uint8Array): ChannelLayout {
  const reader = new ByteReader(data, 'flv.channels')
  const order = reader.u8()
  const channels = reader.u8()
  if (channels === 0) throw new MediaError('malformed', 'flv.channels: no channel', reader.context(1))
  switch (order) {
    case Order.unspecified:
      return { order: 'unspecified', channels }
    case Order.native:
      return { order: 'native', channels, mask: reader.u32() }
    case Order.custom:
      return { order: 'custom', channels, speakers: [...reader.bytes(channels)] }
    default:
      throw new MediaError('malformed', `flv.channels: order ${order}`, reader.context(0))
  }
}

/** @throws MediaError `malformed` for what a field cannot hold. */
export function printChannelLayout(layout: ChannelLayout): Uint8Array {
  const writer = new ByteWriter(8).u8(Order[layout.order]).u8(layout.channels)
  if (layout.order === 'native') writer.u32(layout.mask)
  if (layout.order === 'custom') for (const speaker of layout.speakers) writer.u8(speaker)
  return writer.finish()
}
