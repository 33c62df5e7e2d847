import type { LiveBroadcast, MediaAnswer } from '../packager/live.ts'
import type { AssetIndex, IndexedSegment, SegmentStore } from '../store/port.ts'

/** A key frame that can be read: the initialisation segment and a part that begins with it. */
export interface KeyFrame {
  /** Never the same for two key frames of a broadcast. */
  readonly name: string
  /** `undefined` when the bytes are gone. */
  read(): Promise<readonly Uint8Array[] | undefined>
}

/** Its first part is there, and begins with a key frame. */
export function beginsWithKeyFrame({ independent, gap, pause }: IndexedSegment): boolean {
  return independent && !gap && pause === undefined
}

/** The newest key frame of a broadcast, from its live window. */
export function newestKeyFrame(broadcast: LiveBroadcast): KeyFrame | undefined {
  const place = broadcast.keyFrame()
  if (place === undefined) return undefined
  return {
    name: `${place.rendition}/${place.init}/${place.part}`,
    async read() {
      const rendition = broadcast.rendition(place.rendition)
      if (rendition === undefined) return undefined
      const [init, part] = [await chunksOf(rendition.media(place.init)), await chunksOf(rendition.media(place.part))]
      return init && part && [...init, ...part]
    },
  }
}

async function chunksOf(answer: MediaAnswer): Promise<readonly Uint8Array[] | undefined> {
  if (answer.kind === 'now') return answer.chunks
  return answer.kind === 'wait' ? (await answer.ready)?.chunks : undefined
}

/**
 * A key frame of a recording, at this share of it or soon after: openings are often black.
 *
 * @param share 0 to 1.
 */
export function storedKeyFrame(
  index: AssetIndex,
  store: Pick<SegmentStore, 'read'>,
  share: number,
): KeyFrame | undefined {
  const track = index.tracks.find(({ kind }) => kind === 'video')
  if (track === undefined) return undefined
  const { segments } = track
  const from = Math.floor(segments.length * share)
  const isFit = (segment: IndexedSegment | undefined) => segment !== undefined && beginsWithKeyFrame(segment)
  let found: IndexedSegment | undefined
  for (let i = from; i < segments.length && found === undefined; i++) {
    if (isFit(segments.at(i))) found = segments.at(i)
  }
  for (let i = from - 1; i >= 0 && found === undefined; i--) if (isFit(segments.at(i))) found = segments.at(i)
  const epoch = index.epochs.find(({ id }) => id === found?.epoch)
  const init = epoch?.tracks.find((candidate) => candidate.track === track.track)?.init
  if (found === undefined || init === undefined) return undefined
  const { firstPart } = found
  return {
    name: `${track.track}/${firstPart}`,
    async read() {
      const part = await store.read(index.assetId, track.track, firstPart, firstPart)
      return part && [init, part]
    },
  }
}
