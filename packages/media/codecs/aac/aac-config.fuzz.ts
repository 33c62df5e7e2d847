import { audioConfigFromAsc } from './config.ts'
import { silentFrame } from './silence.ts'

/** An AudioSpecificConfig. */
export const target = {
  name: 'aac-config',
  corpus: new URL('corpus/aac-config/', import.meta.url),
  run(input: Uint8Array): void {
    const config = audioConfigFromAsc(input)
    const { sampleRate, channels, frameLength } = config
    if (!(sampleRate >= 7350 && channels > 0 && [960, 1024, 1920, 2048].includes(frameLength))) {
      throw new RangeError(`${sampleRate} Hz, ${channels} channels, ${frameLength} samples`)
    }
    silentFrame(config)
  },
}
