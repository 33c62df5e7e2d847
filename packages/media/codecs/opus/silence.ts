import type { AudioTrackConfig } from '../../track.ts'
import { parseDOps } from './head.ts'

/** Configurations of CELT, full band (RFC 6716 table 2), and how many frames of it a packet holds, by its ticks. */
const PACKETS: ReadonlyMap<number, readonly [config: number, frames: number]> = new Map([
  [120, [28, 1]],
  [240, [29, 1]],
  [480, [30, 1]],
  [960, [31, 1]],
  [1920, [31, 2]],
  [2880, [31, 3]],
])
/** A CELT frame whose silence flag is set (§4.3): the range coder's first symbol, of probability 1 in 32768, is the highest. */
const SILENT_FRAME = [0xff, 0xfe]

/**
 * One packet of silence. `undefined` where none is made: another codec, more than one stream in a packet, packets of an uncommon
 * length. Throws as `parseDOps`.
 */
export function silentPacket(config: AudioTrackConfig): Uint8Array | undefined {
  if (config.codec !== 'opus') return undefined
  const found = PACKETS.get(config.frameLength)
  const { streams, channels } = parseDOps(config.decoderConfig)
  if (found === undefined || streams !== 1) return undefined
  const [celt, frames] = found
  const toc = (celt << 3) | (channels > 1 ? 4 : 0)
  const content = Array.from({ length: frames }, () => SILENT_FRAME).flat()
  if (frames === 1) return Uint8Array.from([toc, ...content])
  // Code 1 is two frames of one size; code 3 says how many there are (§3.2.3, §3.2.5).
  return Uint8Array.from(frames === 2 ? [toc | 1, ...content] : [toc | 3, frames, ...content])
}
