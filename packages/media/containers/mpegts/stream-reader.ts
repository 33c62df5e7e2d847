import { createAdtsFormat, createLatmFormat } from './aac-format.ts'
import { createAc3Format } from './ac3-format.ts'
import type { AudioFormat } from './audio-format.ts'
import { AudioStream } from './audio-stream.ts'
import type { TsClock } from './clock.ts'
import type { MpegTsLimits } from './limits.ts'
import { createMp3Format } from './mp3-format.ts'
import { createOpusFormat } from './opus-format.ts'
import type { Descriptor } from './pmt.ts'
import type { StreamReader, StreamSink } from './sink.ts'
import type { TsFormat } from './stream-type.ts'
import { VideoStream } from './video-stream.ts'

export interface StreamReaderOptions {
  readonly format: TsFormat
  readonly descriptors: readonly Descriptor[]
  readonly clock: TsClock
  readonly sink: StreamSink
  readonly limits: MpegTsLimits
}

/** The reader of a stream by its format. Throws MediaError `unsupported` for what its descriptors say. */
export function createStreamReader({ format, descriptors, clock, sink, limits }: StreamReaderOptions): StreamReader {
  const sound = (audio: AudioFormat): StreamReader => new AudioStream(audio, clock.sound(), sink, limits)
  switch (format) {
    case 'h264':
    case 'hevc':
      return new VideoStream(format, clock.pictures(), sink, limits)
    case 'aac-adts':
      return sound(createAdtsFormat())
    case 'aac-latm':
      return sound(createLatmFormat())
    case 'mpeg-audio':
      return sound(createMp3Format())
    case 'ac3':
    case 'eac3':
      return sound(createAc3Format())
    case 'opus':
      return sound(createOpusFormat(descriptors))
  }
}
