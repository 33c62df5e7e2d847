import { MADE_SOUND_TRACK } from '@bandstand/media/access-unit.ts'
import type { ListedSound } from '../packager/model.ts'

/** What is made of sound that is not AAC: what every player takes, whatever was sent. */
export const MADE_SOUND = { sampleRate: 48_000, channels: 2, bitrate: 160_000, frameLength: 1024 } as const

/** The same, as playlists list it. AAC-LC (ISO/IEC 14496-3, object type 2). */
export const LISTED_AAC: ListedSound = {
  ...{ track: MADE_SOUND_TRACK, group: 'aac', codecString: 'mp4a.40.2' },
  ...{ channels: MADE_SOUND.channels, timescale: MADE_SOUND.sampleRate, bitrate: MADE_SOUND.bitrate },
}
