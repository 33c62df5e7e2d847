import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { BroughtSink } from '../packager/brought-packer.ts'
import type { Epoch, PartSink } from '../packager/model.ts'
import { STREAM_LIMITS } from './limits.ts'

/**
 * Puts the renditions that an encoder brings into the recording. One is noted with the epoch it belongs to as soon as there is something of it, by noting that epoch once more: a recording
 * then waits for none that never comes. Only the newest epoch can be noted again; of a rendition that begins in one before, nothing is kept.
 */
export function createBroughtRecord(writer: Pick<PartSink, 'epoch' | 'part'>): BroughtSink {
  let newest: Epoch | undefined
  /** Epochs of which a rendition's parts are kept. */
  const kept = new Map<TrackId, Set<number>>()

  return {
    epoch(epoch) {
      newest = epoch
      for (const epochs of kept.values()) for (const id of epochs) if (id < epoch.id - 1) epochs.delete(id)
    },
    rung(id, init) {
      const epochs = kept.get(init.track) ?? new Set()
      kept.set(init.track, epochs)
      const before = newest?.tracks.filter(({ track }) => track === init.track).length ?? 0
      if (newest?.id !== id || before >= STREAM_LIMITS.broughtConfigurations) {
        epochs.delete(id)
        return
      }
      newest = { ...newest, tracks: [...newest.tracks, init] }
      epochs.add(id)
      writer.epoch(newest)
    },
    part(part) {
      if (kept.get(part.track)?.has(part.epoch) === true) writer.part(part)
    },
  }
}
