import { join } from 'node:path'
import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { AssetFiles, Span } from './asset.ts'
import type { Catalogue } from './catalogue.ts'
import type { ReadHandles } from './handles.ts'
import { locateParts, type Place } from './locate.ts'
import { dataName, indexName } from './names.ts'
import type { SegmentStore } from './port.ts'
import { RECORD_BYTES } from './record.ts'
import { stretchOf, stripRecords } from './strip.ts'

/** Reads parts of any asset. */
export function createReading(catalogue: Catalogue, handles: ReadHandles): Pick<SegmentStore, 'read' | 'parts'> {
  async function find(
    assetId: string,
    track: TrackId,
    firstPart: number,
    lastPart: number,
    withParts: boolean,
  ): Promise<{ readonly place: Place; readonly files: AssetFiles } | undefined> {
    const files = await catalogue.find(assetId)
    const memory = files === undefined ? undefined : await catalogue.memoryOf(files)
    if (files === undefined || memory === undefined) return undefined
    const readRecords = (span: Span, from: number, records: number) =>
      handles.read(join(files.folder, indexName(span.firstMsn)), RECORD_BYTES * (1 + from), RECORD_BYTES * records)
    const place = await locateParts(memory, files.spans, track, firstPart, lastPart, readRecords, withParts)
    return place === undefined || files.removed ? undefined : { place, files }
  }

  return {
    async read(assetId, track, firstPart, lastPart, range) {
      const found = await find(assetId, track, firstPart, lastPart, range !== undefined)
      if (found === undefined) return undefined
      const { place, files } = found
      const path = join(files.folder, dataName(track, place.span.firstMsn))
      if (range === undefined || place.parts === undefined) {
        const bytes = await handles.read(path, place.offset, place.length)
        return bytes && stripRecords(bytes)
      }
      const size = place.parts.reduce((sum, part) => sum + part.length, 0)
      if (Math.min(size, range.to) < range.from) return undefined
      const stretch = stretchOf(place.parts, Math.max(0, range.from), range.to)
      const bytes = await handles.read(path, stretch.offset, stretch.length)
      return bytes && stretch.take(bytes)
    },

    async parts(assetId, track, firstPart, lastPart) {
      const place = (await find(assetId, track, firstPart, lastPart, true))?.place
      let offset = 0
      return place?.parts?.flatMap(({ number, length, gap }) => {
        const part = { number, offset, length }
        offset += length
        return gap ? [] : part
      })
    },
  }
}
