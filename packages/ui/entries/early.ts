/**
 * Runs before all else on the watch pages: asks for the playlists while the larger scripts are still on their way. Holds
 * nothing but that.
 */
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { addresses } from '../channel/address.ts'
import { prefetch } from '../player/prefetch.ts'

const text = document.getElementById('bandstand-facts')?.textContent
if (text) {
  const { channel, asset } = JSON.parse(text) as { channel?: Channel; asset?: Asset }
  const server = location.origin
  if (channel?.live) prefetch(addresses.live({ server, channel: channel.slug }))
  else if (asset) prefetch(addresses.vod(server, asset.id))
}
