import { MediaError } from '@bandstand/media/error.ts'
import type { MediaPlaylist, MultivariantPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { HLS_LIMITS } from './limits.ts'

/** Why a playlist is not taken, and what to change. */
export interface Refusal {
  readonly reason: string
}

/** Reads a playlist that a stream may be taken from. Nothing is thrown for what is in it. */
export function acceptPlaylist(text: string): MediaPlaylist | MultivariantPlaylist | Refusal {
  if (hasTooManyLines(text)) return { reason: TOO_MANY_LINES }
  try {
    const parsed = parsePlaylist(text)
    if (parsed.issues.some(({ rule }) => rule === 'first-line')) {
      return { reason: 'what is named as a playlist does not begin with #EXTM3U' }
    }
    if (parsed.kind === 'media' && parsed.encrypted) {
      return {
        reason:
          'the segments are encrypted (EXT-X-KEY): switch encryption off in the encoder, for nobody has the key here',
      }
    }
    if (parsed.kind === 'media' && parsed.playlist.iFramesOnly) {
      return {
        reason:
          'the playlist lists key frames alone (EXT-X-I-FRAMES-ONLY): give the address of the playlist for players',
      }
    }
    return parsed.kind === 'media' ? bounded(parsed.playlist) : parsed.playlist
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { reason: `the playlist cannot be read: ${error.message}` }
  }
}

const TOO_MANY_LINES = `a playlist has more than ${HLS_LIMITS.playlistLines} lines: let the encoder list fewer segments (ffmpeg: -hls_list_size 6)`

/** Before anything is made of it: each line costs time and memory, however short it is. */
function hasTooManyLines(text: string): boolean {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (++lines > HLS_LIMITS.playlistLines) return true
  }
  return false
}

/** What is counted and waited by has to be within reason: else one playlist holds a channel, or this process, for good. */
function bounded(playlist: MediaPlaylist): MediaPlaylist | Refusal {
  const { targetDuration, mediaSequence } = playlist
  if (targetDuration > HLS_LIMITS.targetSeconds) {
    return {
      reason: `the target duration is ${targetDuration} s, at most ${HLS_LIMITS.targetSeconds} s are taken: make the segments shorter (a few seconds)`,
    }
  }
  if (mediaSequence <= HLS_LIMITS.mediaSequence) return playlist
  return { reason: `the media sequence number ${mediaSequence} is too large: let the encoder count from 0` }
}
