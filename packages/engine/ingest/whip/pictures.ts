import { sameBytes } from '@bandstand/media/bytes/bytes.ts'
import { scanAccessUnit, toFourByteLengths } from '@bandstand/media/codecs/h264/access-unit.ts'
import { avcCFromParameterSets, videoConfigFromAvcC } from '@bandstand/media/codecs/h264/config.ts'
import type { ReceivedVideoCodec } from '@bandstand/media/protocols/rtp/receive/codecs.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'

/** What a picture as it was received says. */
export interface ReadPicture {
  /** As `AccessUnit.data` has it. */
  readonly data: Uint8Array
  readonly key: boolean
  /** What stands in it for the decoder, where that is not what it was told before. */
  readonly config?: VideoTrackConfig
}

/** Reads the pictures of one source. Throws MediaError for one that cannot be read. */
export type PictureReader = (data: Uint8Array) => ReadPicture

const READERS = { h264: createH264Reader } as const satisfies Partial<Record<ReceivedVideoCodec, () => PictureReader>>

export type ReadableCodec = keyof typeof READERS
export const READABLE = Object.keys(READERS) as readonly ReadableCodec[]

export function createPictureReader(codec: ReceivedVideoCodec): PictureReader {
  return READERS[codec as ReadableCodec]()
}

/** Parameter sets stand in the stream, before each key frame as a rule. */
function createH264Reader(): PictureReader {
  let sps: readonly Uint8Array[] = []
  let pps: readonly Uint8Array[] = []
  const changed = onceEach((record: Uint8Array) => videoConfigFromAvcC(record))
  return (data) => {
    const scan = scanAccessUnit(data, 4)
    if (scan.sps.length > 0) sps = scan.sps.map((set) => set.slice())
    if (scan.pps.length > 0) pps = scan.pps.map((set) => set.slice())
    const isNew = scan.sps.length + scan.pps.length > 0 && sps.length > 0 && pps.length > 0
    const config = isNew ? changed(avcCFromParameterSets(sps, pps)) : undefined
    return { data: toFourByteLengths(data, 4), key: scan.key, ...(config && { config }) }
  }
}

/** Makes a configuration of what describes it, where that has changed. */
function onceEach(
  make: (record: Uint8Array) => VideoTrackConfig,
): (record: Uint8Array) => VideoTrackConfig | undefined {
  let known: Uint8Array | undefined
  return (record) => {
    if (known !== undefined && sameBytes(known, record)) return undefined
    const config = make(record)
    known = record
    return config
  }
}
