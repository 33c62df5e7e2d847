import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { EngineError } from '../error.ts'
import type { SegmentStore } from '../store/port.ts'
import { PICTURE_LIMITS } from './limits.ts'
import type { Sheet } from './storyboard-plan.ts'

/**
 * What ffmpeg is given for a sheet: the initialisation segment and of each part the key frame alone, so that there are as
 * many pictures as tiles and nothing else is decoded. Throws as `parseFragment`.
 *
 * @throws EngineError `limit` as soon as they come to more than `sheetInput`.
 * @returns `undefined` when a part is not there any more.
 */
export async function readSheet(
  { track, init, tiles }: Sheet,
  assetId: string,
  store: Pick<SegmentStore, 'read'>,
): Promise<readonly Uint8Array[] | undefined> {
  const fragments: Uint8Array[] = []
  let total = init.byteLength
  for (const { part } of tiles) {
    const bytes = await store.read(assetId, track, part, part)
    if (bytes === undefined) return undefined
    const fragment = keyFrameOnly(bytes, fragments.length + 1)
    total += fragment.byteLength
    if (total > PICTURE_LIMITS.sheetInput) throw new EngineError('limit', 'the key frames of a sheet are too large')
    fragments.push(fragment)
  }
  return [init, ...fragments]
}

/** The first sample of a part as a fragment of its own. */
export function keyFrameOnly(part: Uint8Array, sequence: number): Uint8Array {
  const { track, baseDecodeTime, samples } = parseFragment(part)
  const [first] = samples
  if (first === undefined) return part
  const { offset, size, duration, compositionOffset, key } = first
  const data = part.subarray(offset, offset + size)
  return writeFragment({ sequence, track, baseDecodeTime, samples: [{ data, duration, compositionOffset, key }] })
}
