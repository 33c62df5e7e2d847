import { MediaError } from '../error.ts'
import type { AudioTrackConfig } from '../track.ts'
import { createAc3Joiner } from './ac3/access-unit.ts'
import { audioConfigFromDac3, audioConfigFromDec3, audioConfigFromSyncFrame } from './ac3/config.ts'
import { audioConfigFromFlacMetadata } from './flac/config.ts'
import { frameLengthOf } from './frame-length.ts'
import { audioConfigFromMp3Frame } from './mp3/config.ts'
import { audioConfigFromDOps, audioConfigFromOpusHead } from './opus/config.ts'
import { silentFrame } from './silence.ts'

const READERS: readonly ((bytes: Uint8Array) => AudioTrackConfig)[] = [
  (bytes) => audioConfigFromOpusHead(bytes),
  (bytes) => audioConfigFromDOps(bytes),
  audioConfigFromSyncFrame,
  audioConfigFromDac3,
  audioConfigFromDec3,
  audioConfigFromFlacMetadata,
  audioConfigFromMp3Frame,
]

/** Configuration records, headers and frames of all codecs of sound but AAC. */
export const target = {
  name: 'sound',
  corpus: new URL('corpus/sound/', import.meta.url),
  run(input: Uint8Array): void {
    for (const read of READERS) orRefused(() => check(read(input), input))
    orRefused(() => {
      const joiner = createAc3Joiner()
      for (let i = 0; i < 10; i++) joiner.add(input)
      joiner.flush()
    })
  },
}

function check(config: AudioTrackConfig, frame: Uint8Array): void {
  const { codec, sampleRate, timescale, channels, frameLength } = config
  const values = [sampleRate, timescale, channels, frameLength, frameLengthOf(config, frame)]
  if (!values.every((value) => Number.isInteger(value) && value > 0)) throw new RangeError(`${codec}: ${values.join()}`)
  silentFrame(config)
}

function orRefused(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
}
