import { MediaError } from '../../error.ts'
import { parseAudioTag } from './audio-tag.ts'
import { FlvReader } from './reader.ts'
import { parseOnMetaData } from './script-tag.ts'
import { parseVideoTag } from './video-tag.ts'

/** First byte: how the rest is cut. Every tag read is parsed, and the input itself as a body. Allowed: MediaErrors. */
export const target = {
  name: 'flv',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const step = 1 + (input[0] ?? 0)
    const rest = input.subarray(1)
    tolerant(() => parseVideoTag(rest))
    tolerant(() => parseAudioTag(rest))
    const reader = new FlvReader()
    tolerant(() => {
      for (let at = 0; at < rest.byteLength; at += step) {
        for (const { type, body } of reader.push(rest.subarray(at, at + step))) {
          if (type === 'video') tolerant(() => parseVideoTag(body))
          else if (type === 'audio') tolerant(() => parseAudioTag(body))
          else tolerant(() => parseOnMetaData(body))
        }
      }
    })
  },
}

function tolerant(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
  }
}
