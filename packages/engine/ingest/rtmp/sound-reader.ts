import { audioConfigFromAsc } from '@bandstand/media/codecs/aac/config.ts'
import { audioConfigFromSyncFrame } from '@bandstand/media/codecs/ac3/config.ts'
import { parseSyncFrame } from '@bandstand/media/codecs/ac3/sync-frame.ts'
import { audioConfigFromFlacMetadata } from '@bandstand/media/codecs/flac/config.ts'
import { audioConfigFromMp3Frame } from '@bandstand/media/codecs/mp3/config.ts'
import { parseMp3FrameHeader } from '@bandstand/media/codecs/mp3/frame-header.ts'
import { audioConfigFromOpusChannels, audioConfigFromOpusHead } from '@bandstand/media/codecs/opus/config.ts'
import { opusDuration } from '@bandstand/media/codecs/opus/packet.ts'
import type { ChannelLayout } from '@bandstand/media/containers/flv/channel-layout.ts'
import { MediaError } from '@bandstand/media/error.ts'
import type { AudioCodec, AudioTrackConfig } from '@bandstand/media/track.ts'

/** Makes of what tags say of one track of sound its configuration and frames. Each codec says the former elsewhere. */
export interface SoundReader {
  /** The data of a sequence start. @returns the configuration, where that is all of it. @throws MediaError */
  configure(data: Uint8Array): AudioTrackConfig | undefined
  /** How many channels there are, for a codec that does not say so itself. */
  layout(layout: ChannelLayout): void
  /** The data of one tag. @throws MediaError */
  read(data: Uint8Array): Sound
}

export interface Sound {
  /** From here on; the same one again is none. */
  readonly config?: AudioTrackConfig
  /** In order, each `config.frameLength` behind the one before. */
  readonly frames: readonly Uint8Array[]
}

/** @param framesPerTag at most; a tag of more is `too-large`. */
export function createSoundReader(codec: AudioCodec, framesPerTag: number): SoundReader {
  switch (codec) {
    case 'aac':
      return headedReader(audioConfigFromAsc)
    case 'flac':
      return headedReader(audioConfigFromFlacMetadata)
    case 'opus':
      return opusReader()
    case 'ac3':
    case 'eac3':
      return ac3Reader()
    case 'mp3':
      return mp3Reader(framesPerTag)
  }
}

/** Everything is in the sequence start. */
function headedReader(configOf: (data: Uint8Array) => AudioTrackConfig): SoundReader {
  return { configure: configOf, layout() {}, read: (data) => ({ frames: [data] }) }
}

/** The header does not say how long a packet is: the first one does. An empty header stands for one or two channels. */
function opusReader(): SoundReader {
  let head: Uint8Array | undefined
  let channels = 2
  let isNew = false
  return {
    configure(data) {
      // Refused now, not with the first packet.
      if (data.byteLength > 0) audioConfigFromOpusHead(data)
      head = data.slice()
      isNew = true
      return undefined
    },
    layout(layout) {
      channels = layout.channels
      isNew ||= head?.byteLength === 0
    },
    read(data) {
      if (!isNew || head === undefined) return { frames: [data] }
      const length = opusDuration(data)
      const config =
        head.byteLength === 0 ? audioConfigFromOpusChannels(channels, length) : audioConfigFromOpusHead(head, length)
      isNew = false
      return { config, frames: [data] }
    },
  }
}

/** Every frame says everything; of what changes between frames the data rate is no change of configuration. */
function ac3Reader(): SoundReader {
  let said = ''
  return {
    configure: () => undefined,
    layout() {},
    read(data) {
      const { codec, sampleRate, acmod, lfe } = parseSyncFrame(data)
      const saying = `${codec} ${sampleRate} ${acmod} ${lfe}`
      if (saying === said) return { frames: [data] }
      const config = audioConfigFromSyncFrame(data)
      said = saying
      return { config, frames: [data] }
    },
  }
}

/** A tag may hold several frames. What is behind the last whole one is passed over: some encoders end with a tag (ID3v1). */
function mp3Reader(framesPerTag: number): SoundReader {
  let said = ''
  return {
    configure: () => undefined,
    layout() {},
    read(data) {
      const { sampleRate, channels, frameBytes } = parseMp3FrameHeader(data)
      const saying = `${sampleRate} ${channels}`
      const config = saying === said ? undefined : audioConfigFromMp3Frame(data)
      said = saying
      const frames: Uint8Array[] = []
      for (let at = 0, bytes = frameBytes; ; bytes = parseMp3FrameHeader(data, at).frameBytes) {
        // The last one may be short of its padding.
        if (at > 0 && at + bytes > data.byteLength) break
        if (frames.length === framesPerTag)
          throw new MediaError('too-large', `more than ${framesPerTag} frames in a tag`)
        frames.push(data.subarray(at, at + bytes))
        at += bytes
        if (data.byteLength - at < 4 || data[at] !== 0xff || (data[at + 1] ?? 0) < 0xe0) break
      }
      return config === undefined ? { frames } : { config, frames }
    },
  }
}
