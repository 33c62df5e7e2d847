import { MediaError } from '../../error.ts'
import type { VideoCodec } from '../../track.ts'
import { lengthsFromAnnexB } from '../annex-b.ts'
import { videoFacts } from '../video-facts.ts'
import type { PictureReader } from './model.ts'
import { createPictureReader } from './picture-reader.ts'

const CODECS: readonly VideoCodec[] = ['h264', 'hevc', 'av1', 'vp9', 'vp8']

/** A byte that chooses the codec, then its configuration record; the same bytes as an access unit, and with start codes. */
export const target = {
  name: 'pictures',
  corpus: new URL('corpus/pictures/', import.meta.url),
  run(input: Uint8Array): void {
    const codec = CODECS[(input[0] ?? 0) % CODECS.length] ?? 'h264'
    const bytes = input.subarray(1)
    const reader = createPictureReader(codec)
    const works = [
      () => reader.configure(bytes),
      () => read(reader, bytes),
      () => read(reader, lengthsFromAnnexB(bytes)),
    ]
    for (const work of works) {
      orRefused(work)
      checkConfig(reader)
    }
  },
}

function read(reader: PictureReader, unit: Uint8Array): void {
  const picture = reader.read(unit)
  if (picture === undefined) return
  // A sample is one that stays as it is.
  const again = createPictureReader(reader.config?.codec ?? 'vp8').read(picture.data)
  if (reader.config !== undefined && again?.key !== picture.key) throw new RangeError('a sample lost its key')
}

function checkConfig({ config }: PictureReader): void {
  if (config === undefined) return
  const { codec, codecString, width, height, sampleAspectRatio, frameRate = 1, decoderConfig } = config
  const values = [width, height, ...sampleAspectRatio, frameRate]
  if (!values.every((value) => value > 0 && Number.isFinite(value))) throw new RangeError(values.join())
  if (!/^(avc1|hvc1|av01|vp09|vp08)\.[0-9A-Za-z.]+$/.test(codecString)) throw new RangeError(codecString)
  videoFacts(config)
  // What is written is read again.
  createPictureReader(codec).configure(decoderConfig)
}

function orRefused(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
}
