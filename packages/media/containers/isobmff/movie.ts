import type { TrackId } from '../../access-unit.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import type { TrackConfig } from '../../track.ts'
import { type BoxTree, box, fields, fullBox } from './box-writer.ts'

/** Boxes that a CMAF header and an ordinary MP4 have in common (ISO/IEC 14496-12 §8.2 to §8.7). */

/** Unity transformation matrix (§8.2.2.2). */
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000]

/** FileTypeBox (§4.3). */
export function ftyp(major: string, minor: number, compatible: readonly string[]): BoxTree {
  return box(
    'ftyp',
    fields((w) => compatible.reduce((into, brand) => into.ascii(brand), w.ascii(major).u32(minor))),
  )
}

/** @param duration in ticks of `timescale`; 0 where fragments follow. */
export function mvhd(timescale: number, duration: number, nextTrack: TrackId): BoxTree {
  const wide = duration > 0xffffffff
  return fullBox(
    'mvhd',
    wide ? 1 : 0,
    0,
    fields((w) =>
      matrix(
        times(w, wide, (times) => times.u32(timescale), duration)
          .u32(0x0001_0000) // rate 1.0
          .u16(0x0100) // volume 1.0
          .bytes(new Uint8Array(10)),
      )
        .bytes(new Uint8Array(24)) // pre_defined
        .u32(nextTrack),
    ),
  )
}

/**
 * @param duration in ticks of the movie's timescale.
 * @param choice one of several tracks of which one is played (§8.3.2.3): `first` unless another is chosen.
 */
export function tkhd(track: TrackId, config: TrackConfig, duration: number, choice?: 'first' | 'other'): BoxTree {
  const wide = duration > 0xffffffff
  const [horizontal, vertical] = config.kind === 'video' ? config.sampleAspectRatio : [1, 1]
  // Track dimensions are those of the picture as shown, with square pixels.
  const width = config.kind === 'video' ? Math.min(0xffff, Math.round((config.width * horizontal) / vertical)) : 0
  const height = config.kind === 'video' ? config.height : 0
  return fullBox(
    'tkhd',
    wide ? 1 : 0,
    choice === 'other' ? 2 /* in movie */ : 3 /* enabled, in movie */,
    fields((w) =>
      matrix(
        times(w, wide, (times) => times.u32(track).u32(0), duration)
          .bytes(new Uint8Array(8))
          .u16(0) // layer
          .u16(choice === undefined ? 0 : 1) // alternate_group
          .u16(config.kind === 'audio' ? 0x0100 : 0) // volume
          .u16(0),
      )
        .u32(width * 0x10000)
        .u32(height * 0x10000),
    ),
  )
}

/** MediaBox with handler and the given sample table. @param duration in ticks of the track's timescale. */
export function mdia(config: TrackConfig, duration: number, stbl: BoxTree): BoxTree {
  const wide = duration > 0xffffffff
  const video = config.kind === 'video'
  return box(
    'mdia',
    fullBox(
      'mdhd',
      wide ? 1 : 0,
      0,
      fields((w) =>
        times(w, wide, (times) => times.u32(config.timescale), duration)
          .u16(packedLanguage(config))
          .u16(0),
      ),
    ),
    fullBox(
      'hdlr',
      0,
      0,
      fields((w) =>
        w
          .u32(0)
          .ascii(video ? 'vide' : 'soun')
          .bytes(new Uint8Array(12))
          .ascii(video ? 'Video\0' : 'Audio\0'),
      ),
    ),
    box(
      'minf',
      video ? fullBox('vmhd', 0, 1, new Uint8Array(8)) : fullBox('smhd', 0, 0, new Uint8Array(4)),
      // One data reference: the media is in this file.
      box(
        'dinf',
        fullBox(
          'dref',
          0,
          0,
          fields((w) => w.u32(1)),
          fullBox('url ', 0, 1),
        ),
      ),
      stbl,
    ),
  )
}

/** Three letters of 5 bits (§8.4.2.3); what is no language of ISO 639-2 is undetermined. */
function packedLanguage(config: TrackConfig): number {
  const said = config.kind === 'audio' ? config.language : undefined
  const language = said !== undefined && /^[a-z]{3}$/.test(said) ? said : 'und'
  return [0, 1, 2].reduce((packed, i) => packed * 32 + language.charCodeAt(i) - 0x60, 0)
}

/** creation_time and modification_time (unknown: 0), what stands between, and duration, in 32 or 64 bits. */
function times(w: ByteWriter, wide: boolean, between: (w: ByteWriter) => ByteWriter, duration: number): ByteWriter {
  if (wide) return between(w.u64(0).u64(0)).u64(duration)
  return between(w.u32(0).u32(0)).u32(duration)
}

function matrix(w: ByteWriter): ByteWriter {
  return MATRIX.reduce((into, value) => into.u32(value), w)
}
