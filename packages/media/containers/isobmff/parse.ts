/** Reading side of ISO BMFF. */
export { parseFragment, parseFragments, type SampleDefaults } from './parse-fragment.ts'
export { type InitSegment, type InitTrack, parseInitSegment } from './parse-init.ts'
