import { createIntake } from './intake.ts'
import { resolvePath } from './name.ts'
import { createPacer } from './pacer.ts'

const KINDS = ['list', 'media', 'map', 'time'] as const

/**
 * The input is a run of messages, each behind one byte of kind, one that names it and two of length: a playlist, a segment, an
 * initialisation segment, or time that passes. Nothing is thrown, names stay within the tree, times are of use, and memory is let go.
 */
export const target = {
  name: 'hls-intake',
  corpus: new URL('corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const intake = createIntake({ resolve: resolvePath, begin: 'listed', isOrdered: true, maxBitrate: 1e9 })
    const pacer = createPacer()
    let now = 0
    for (let at = 0; at + 4 <= input.byteLength; ) {
      const kind = KINDS[(input[at] ?? 0) % KINDS.length]
      const name = (input[at + 1] ?? 0) % 4
      const length = (input[at + 2] ?? 0) * 256 + (input[at + 3] ?? 0)
      const body = input.subarray(at + 4, at + 4 + length)
      at += 4 + length
      if (kind === 'list') intake.playlist(`${name}.m3u8`, new TextDecoder().decode(body), now, at)
      else if (kind === 'time') now += length
      for (const want of intake.wants(now, 0)) {
        if (want.name.startsWith('/') || want.name.split('/').includes('..')) throw new RangeError('a name leads out')
        if (kind === 'list' || kind === 'time' || want.isMap !== (kind === 'map')) intake.missing(want, now, false)
        else intake.file(want, { bytes: body, version: String(at), stamp: at, isWhole: name > 1 }, now)
      }
      for (const load of intake.take()) {
        if (!Number.isSafeInteger(load.start) || !Number.isSafeInteger(load.end))
          throw new RangeError('a time of no use')
        pacer.push(load, now)
      }
      for (const { entry } of pacer.release(now)) {
        if (entry.kind === 'unit' && entry.data.byteLength === 0) throw new RangeError('an empty unit')
      }
    }
    pacer.release(Number.POSITIVE_INFINITY)
    if (!pacer.isEmpty || pacer.bytes !== 0) throw new RangeError('something stays')
  },
}
