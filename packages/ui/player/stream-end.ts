import type { BufferInfo } from 'hls.js'

/**
 * What is buffered, as hls.js is to see it when it asks whether all to the end is there. It takes holes of up to 0.1 s (its
 * `maxBufferHole`) for buffered, and then (1.7.4, `_streamEnded`) looks for them from the beginning of what it took together: a hole
 * that is long past has it never tell the browser that nothing more comes. Without that a browser waits for more just before the end.
 *
 * @param at where the media are played, seconds
 */
export function fromPlayed(buffered: BufferInfo, at: number): BufferInfo {
  return buffered.start < at ? { ...buffered, start: at } : buffered
}
