import type { TsEvent, TsStream } from '@bandstand/media/containers/mpegts/event.ts'
import type { MpegTsIngestLimits } from './limits.ts'

type Tracks = Extract<TsEvent, { type: 'tracks' }>
export type Facts = Readonly<Record<string, string | number | boolean>>

/** What the studio is told of a programme: which of its streams are taken, which are left out and why. */
export function factsOf({ program, programs, streams }: Tracks, limits: MpegTsIngestLimits): Facts {
  const sounds = streams.filter(({ kind }) => kind === 'audio')
  const audio = sounds.find(({ isTaken }) => isTaken)
  const leftOut = streams.filter(({ kind, isTaken }) => kind !== 'other' && !isTaken).map(nameOf)
  return {
    ...(programs > 1 ? { program: `${program}, the first of ${programs} with pictures or sound` } : {}),
    ...(audio?.language === undefined ? {} : { audioLanguage: audio.language }),
    ...(sounds.length > 1
      ? { audioTracks: sounds.length, audioTracksLeftOut: sounds.filter(({ isTaken }) => !isTaken).length }
      : {}),
    streamsLeftOut: leftOut.slice(0, limits.leftOut).join(', ').slice(0, limits.factLength),
  }
}

/** Why nothing can be shown of a programme, or `undefined`. Pictures without their sound can be shown, sound without its pictures is refused. */
export function refusalOf(streams: readonly TsStream[]): string | undefined {
  const videos = streams.filter(({ kind }) => kind === 'video')
  const sounds = streams.filter(({ kind }) => kind === 'audio')
  if (videos.length > 0) {
    return videos.some(({ isTaken }) => isTaken)
      ? undefined
      : `The pictures cannot be taken (${nameOf(videos[0])}): set the encoder to H.264 or HEVC.`
  }
  if (sounds.length === 0)
    return 'The transport stream has neither pictures nor sound: set the encoder to H.264 and AAC.'
  return sounds.some(({ isTaken }) => isTaken)
    ? undefined
    : `The sound cannot be taken (${nameOf(sounds[0])}): set the encoder to AAC.`
}

/** `AC-3 deu`, `MPEG audio of layer II`, `AAC: it is encrypted`. */
function nameOf(stream: TsStream | undefined): string {
  if (stream === undefined) return ''
  const { name, language, trouble } = stream
  const called = language === undefined ? name : `${name} ${language}`
  if (trouble === undefined) return called
  return trouble.startsWith(name) ? trouble : `${called}: ${trouble}`
}
