import { ac3Duration, parseAc3AccessUnit } from '../../codecs/ac3/access-unit.ts'
import { audioConfigFromSyncFrame } from '../../codecs/ac3/config.ts'
import { parseSyncFrame, SYNC_FRAME_HEAD, type SyncFrame } from '../../codecs/ac3/sync-frame.ts'
import { MediaError } from '../../error.ts'
import type { AudioTrackConfig } from '../../track.ts'
import type { AudioFormat } from './audio-format.ts'

/** Of an access unit: 8 substreams are more than any encoder makes, of frames of 4096 bytes at most. */
const MAX_FRAMES = 16
const LARGEST = MAX_FRAMES * 4096
/** An access unit has as many blocks as a frame of AC-3. */
const BLOCKS = 6
const DEPENDENT = 1

/** AC-3 and E-AC-3: frames of fewer than six blocks and the substreams of one moment are one unit. */
export function createAc3Format(): AudioFormat {
  let config: AudioTrackConfig | undefined
  let signature = ''
  return {
    largest: LARGEST,
    measure: measureUnit,
    read(unit) {
      const frames = parseAc3AccessUnit(unit)
      const seen = frames.map(signatureOf).join()
      if (config === undefined || seen !== signature) {
        config = audioConfigFromSyncFrame(unit)
        signature = seen
      }
      return [{ data: unit, config, samples: ac3Duration(frames) }]
    },
  }
}

/** Up to the next frame that leads another unit. A unit that has its blocks where the bytes end is whole: its packet ends there. */
function measureUnit(data: Uint8Array, at: number): number {
  let blocks = 0
  let end = at
  for (let frames = 0; frames < MAX_FRAMES; frames++) {
    const left = data.byteLength - end
    if (left < 0 || (left === 0 && blocks >= BLOCKS)) return end - at
    const ended = frames === 0 ? -1 : end - at
    if (left < SYNC_FRAME_HEAD) return mayBegin(data, end) ? 0 : ended
    const frame = frameAt(data, end)
    if (frame === undefined) return ended
    if (frames === 0 && frame.codec === 'ac3') return frame.frameBytes
    const leads = frame.streamType !== DEPENDENT && frame.substream === 0
    if (leads ? blocks + frame.blocks > BLOCKS : frames === 0) return ended
    if (leads) blocks += frame.blocks
    end += frame.frameBytes
  }
  return end - at
}

function mayBegin(data: Uint8Array, at: number): boolean {
  const [first = 0x0b, second = 0x77] = data.subarray(at, at + 2)
  return first === 0x0b && second === 0x77
}

function frameAt(data: Uint8Array, at: number): SyncFrame | undefined {
  if (data[at] !== 0x0b || data[at + 1] !== 0x77) return undefined
  try {
    return parseSyncFrame(data, at)
  } catch (error) {
    if (error instanceof MediaError) return undefined
    throw error
  }
}

/** What a configuration is made of, without the rate of bits, which may change from frame to frame. */
function signatureOf(frame: SyncFrame): string {
  const { codec, sampleRate, bsid, bsmod, acmod, lfe, streamType, substream, channelMap = 0 } = frame
  return `${codec} ${sampleRate} ${bsid} ${bsmod} ${acmod} ${lfe} ${streamType} ${substream} ${channelMap}`
}
