import { absSendTime, playoutDelay, printHeaderExtensions } from '@bandstand/media/protocols/rtp/header-extension.ts'
import type { AnsweredMedia } from '../messages.ts'

/** Blocks of header extensions, made once for all packets that leave in the same millisecond with the same ids. */
export interface ExtensionBlocks {
  /** @param now milliseconds of a steady clock. */
  of(media: AnsweredMedia, now: number): Uint8Array
}

const NONE = new Uint8Array()

/**
 * Pictures are shown as soon as they can be, and a receiver that has had losses may keep up to so many milliseconds in hand.
 * Without it Chromium takes its own time to come down after a burst.
 */
const PLAYOUT = playoutDelay(0, 400)

export function createExtensionBlocks(): ExtensionBlocks {
  const made = new Map<number, Uint8Array>()
  let madeAt = -1
  return {
    of({ absSendTime: sendId, playoutDelay: playoutId }, now) {
      if (sendId === undefined && playoutId === undefined) return NONE
      const at = Math.floor(now)
      if (at !== madeAt) {
        made.clear()
        madeAt = at
      }
      const key = (sendId ?? 0) * 16 + (playoutId ?? 0)
      let block = made.get(key)
      if (block === undefined) {
        block = printHeaderExtensions([
          ...(sendId === undefined ? [] : [{ id: sendId, data: absSendTime(at) }]),
          ...(playoutId === undefined ? [] : [{ id: playoutId, data: PLAYOUT }]),
        ])
        made.set(key, block)
      }
      return block
    },
  }
}
