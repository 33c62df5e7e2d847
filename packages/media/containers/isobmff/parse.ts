/** Reading side of ISO BMFF. */
export { type Box, parseBoxes } from './box.ts'
export {
  type Fragment,
  type FragmentOptions,
  parseFragment,
  parseFragments,
  type SampleDefaults,
  type SampleInfo,
} from './parse-fragment.ts'
export { type InitSegment, type InitTrack, parseInitSegment } from './parse-init.ts'
export type { SampleEntry } from './parse-sample-entry.ts'
