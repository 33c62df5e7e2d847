import { sameBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import { parseAudioTag, printEnhancedAudioTag } from './audio-tag.ts'
import { parseColorInfo } from './color-info.ts'
import { type CodedVideo, printEnhancedVideoTag } from './print-video-tag.ts'
import { FlvReader } from './reader.ts'
import { parseOnMetaData } from './script-tag.ts'
import { parseVideoTag, type VideoTag } from './video-tag.ts'

/**
 * First byte: how the rest is cut. Every tag read is parsed, and the input itself as a body, whose tags are written and read
 * again. Allowed: MediaErrors.
 */
export const target = {
  name: 'flv',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const step = 1 + (input[0] ?? 0)
    const rest = input.subarray(1)
    for (const tag of tolerant(() => parseVideoTag(rest)) ?? []) {
      if (tag.kind === 'metadata') tolerant(() => parseColorInfo(tag.data))
      else if (isCoded(tag)) printed(rest, () => parseVideoTag(printEnhancedVideoTag(tag)), tag)
    }
    for (const tag of tolerant(() => parseAudioTag(rest)) ?? []) {
      if (tag.kind !== 'unsupported') printed(rest, () => parseAudioTag(printEnhancedAudioTag(tag)), tag)
    }
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

function isCoded(tag: VideoTag): tag is CodedVideo {
  return tag.kind === 'config' || tag.kind === 'descriptor' || tag.kind === 'frame' || tag.kind === 'end'
}

interface Tag {
  readonly kind: string
  readonly data?: Uint8Array
}

/** Whatever was read must be read the same again once it has been written. */
function printed(input: Uint8Array, again: () => readonly Tag[], tag: Tag): void {
  const [found, ...more] = again()
  const { data = empty, ...fields } = tag
  const { data: otherData = empty, ...otherFields } = found ?? tag
  const isSame = found !== undefined && more.length === 0 && sameBytes(data, otherData)
  if (!isSame || JSON.stringify(fields) !== JSON.stringify(otherFields)) {
    throw new RangeError(`another tag once written: ${[...input.subarray(0, 64)].join(' ')}`)
  }
}

const empty = new Uint8Array(0)

function tolerant<Result>(run: () => Result): Result | undefined {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return undefined
  }
}
