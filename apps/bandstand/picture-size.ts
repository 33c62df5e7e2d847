import type { PictureSize } from '@bandstand/engine/packager/display-size.ts'
import { replaySize } from '@bandstand/engine/replay/multivariant.ts'
import type { SegmentStore } from '@bandstand/engine/store/port.ts'

/** A page waits no longer for a slow disk; ms. */
const PATIENCE = 500

/** How large the video of a broadcast is shown, from its index; `undefined` where that is not to be had in time. */
export async function pictureSize(
  store: Pick<SegmentStore, 'index'>,
  assetId: string,
): Promise<PictureSize | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE)
  })
  // Why it cannot be read is said where it is played.
  const found = store
    .index(assetId)
    .then((index) => index && replaySize(index))
    .catch(() => undefined)
  return Promise.race([found, late]).finally(() => clearTimeout(timer))
}
