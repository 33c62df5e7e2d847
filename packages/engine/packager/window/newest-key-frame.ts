import type { KeyFramePlace } from '../live.ts'
import { names } from '../model.ts'
import type { Rendition } from './rendition.ts'

/** Where the newest key frame of a rendition is that is in memory. */
export function newestKeyFrame(rendition: Rendition | undefined): KeyFramePlace | undefined {
  if (rendition === undefined) return undefined
  for (const { parts, initNumber } of rendition.segments.toReversed()) {
    const part = parts.findLast(({ independent, gap, bytes }) => independent && !gap && bytes !== undefined)
    if (part === undefined || initNumber === undefined) continue
    return { rendition: rendition.name, init: names.init(initNumber), part: names.part(part.number) }
  }
  return undefined
}
