import type { Epoch, EpochTrack } from '../model.ts'

/** Same tracks with the same codecs and sizes: players may go on with the multivariant playlist they have read. */
export function sameSet(a: Epoch, b: Epoch): boolean {
  return a.tracks.map(setEntry).join('\n') === b.tracks.map(setEntry).join('\n')
}

/** Of a track, by its object: a restless encoder has tens of thousands of epochs and a few tracks. */
const setEntries = new WeakMap<EpochTrack, string>()

function setEntry(of: EpochTrack): string {
  let entry = setEntries.get(of)
  if (entry === undefined) {
    const { track, config: c } = of
    entry = `${track} ${c.codecString} ${c.kind === 'video' ? `${c.width}x${c.height}` : `${c.channels} ${c.language ?? ''}`}`
    setEntries.set(of, entry)
  }
  return entry
}
