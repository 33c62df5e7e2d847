import type { TrackId } from '../../access-unit.ts'
import type { TrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox, writeBoxes } from './box-writer.ts'
import { ftyp, mdia, mvhd, tkhd } from './movie.ts'
import { sampleDescriptions } from './sample-entry.ts'
import { NON_SYNC_SAMPLE, SYNC_SAMPLE } from './sample-flags.ts'

/**
 * CMAF header of one track (ISO/IEC 23000-19 §7.3.2.1): `ftyp` and `moov` with an empty sample table, no edit list. The
 * same arguments always give the same bytes. Throws MediaError when the configuration cannot be written.
 */
export function writeInitSegment(track: TrackId, config: TrackConfig): Uint8Array {
  return writeBoxes(
    // iso6 leads: every reader knows it. cmf2 asks for signed composition offsets instead of edit lists.
    ftyp('iso6', 0, ['iso6', 'cmfc', 'cmf2', 'mp41']),
    box(
      'moov',
      mvhd(config.timescale, 0, track + 1),
      box('trak', tkhd(track, config, 0), mdia(config, 0, emptySampleTable(config))),
      box('mvex', trex(track, config)),
    ),
  )
}

function emptySampleTable(config: TrackConfig): BoxTree {
  return box(
    'stbl',
    sampleDescriptions([config]),
    fullBox('stts', 0, 0, new Uint8Array(4)),
    fullBox('stsc', 0, 0, new Uint8Array(4)),
    fullBox('stsz', 0, 0, new Uint8Array(8)),
    fullBox('stco', 0, 0, new Uint8Array(4)),
  )
}

/** TrackExtendsBox (§8.8.3). Fragments repeat what differs, so the values here only describe. */
function trex(track: TrackId, config: TrackConfig): BoxTree {
  return fullBox(
    'trex',
    0,
    0,
    fields((w) =>
      w
        .u32(track)
        .u32(1) // default_sample_description_index
        .u32(config.kind === 'audio' ? config.frameLength : 0)
        .u32(0) // default_sample_size
        .u32(config.kind === 'audio' ? SYNC_SAMPLE : NON_SYNC_SAMPLE),
    ),
  )
}
