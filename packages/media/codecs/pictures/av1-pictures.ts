import { concatBytes, sameBytes } from '../../bytes/bytes.ts'
import type { VideoTrackConfig } from '../../track.ts'
import { sequenceHeaderOf, videoConfigFromSequenceHeader } from '../av1/config.ts'
import { withObuSize } from '../av1/obu.ts'
import { scanTemporalUnit, toAv1Sample } from '../av1/temporal-unit.ts'
import type { PictureReader } from './model.ts'

export function createAv1PictureReader(): PictureReader {
  let config: VideoTrackConfig | undefined
  let header: Uint8Array | undefined

  function use(found: Uint8Array): void {
    if (header !== undefined && sameBytes(header, found)) return
    const fresh = videoConfigFromSequenceHeader(found)
    // A copy: it outlives the unit it came in.
    header = new Uint8Array(found)
    config = fresh
  }

  return {
    get config() {
      return config
    },
    configure(record) {
      const found = sequenceHeaderOf(record)
      if (found !== undefined) use(found)
    },
    read(unit) {
      const { key, picture, sequenceHeader } = scanTemporalUnit(unit)
      const data = picture ? toAv1Sample(unit) : undefined
      if (sequenceHeader !== undefined) use(withObuSize(sequenceHeader))
      if (data === undefined) return undefined
      // A sample at which decoding may start has it (AV1 Codec ISO Media File Format Binding §2.4); some encoders send it in front only.
      const isBare = key && sequenceHeader === undefined && header !== undefined
      return { key, data: isBare && header !== undefined ? concatBytes([header, data]) : data }
    },
  }
}
