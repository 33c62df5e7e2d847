import type { AudioTrackConfig } from '../track.ts'
import { silentFrame as silentAac } from './aac/silence.ts'
import { silentPacket } from './opus/silence.ts'

/** One frame of silence; `undefined` where none is known, and a hole stays one. Throws as the codec's parser. */
export function silentFrame(config: AudioTrackConfig): Uint8Array | undefined {
  if (config.codec === 'aac') return silentAac(config)
  if (config.codec === 'opus') return silentPacket(config)
  return undefined
}
