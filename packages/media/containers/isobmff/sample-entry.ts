import type { TrackConfig } from '../../track.ts'
import { audioSampleEntry } from './audio-sample-entry.ts'
import { type BoxTree, fields, fullBox } from './box-writer.ts'
import { visualSampleEntry } from './visual-sample-entry.ts'

/** The `stsd` box with one sample entry for each configuration, in order. Throws as the codecs' parsers. */
export function sampleDescriptions(configs: readonly TrackConfig[]): BoxTree {
  return fullBox(
    'stsd',
    0,
    0,
    fields((w) => w.u32(configs.length)),
    ...configs.map((config) => (config.kind === 'video' ? visualSampleEntry(config) : audioSampleEntry(config))),
  )
}
