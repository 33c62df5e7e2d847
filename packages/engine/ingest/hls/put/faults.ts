import { HLS_LIMITS } from '../limits.ts'

/** Why a file is not taken, or not to its end. */
export type PutFault = 'too-large' | 'no-room' | 'too-many' | 'ended'

const TELL: Readonly<Record<PutFault, string>> = {
  'too-large': `A file may have ${HLS_LIMITS.fileBytes / 2 ** 20} MB: make the segments shorter, or lower the bitrate.`,
  'no-room': 'More is sent than can be kept: the playlist has to list the segments soon after they are sent.',
  'too-many': `At most ${HLS_LIMITS.putAtOnce} files can be sent at the same time.`,
  ended: 'The encoder was taken for lost, or another one got its channel, before the file was there: send it again.',
}

/** What an encoder is told of it. */
export function tellPutFault(fault: PutFault): string {
  return TELL[fault]
}
