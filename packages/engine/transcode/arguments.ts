import { commonOptions, encoders } from './encoder-arguments.ts'
import { LADDER_LIMITS } from './limits.ts'
import type { Encoder, Preset, Rung, SourceFacts } from './model.ts'

export interface LadderCommand {
  readonly source: SourceFacts
  /** At least one. */
  readonly rungs: readonly Rung[]
  readonly encoder: Encoder
  readonly preset: Preset
  /** By slot: what is shown until then, 90 kHz, is decoded and left out. */
  readonly after?: ReadonlyMap<number, number>
}

/**
 * Added to presentation times on the way in and taken off on the way out. ffmpeg moves the decode times of a file in which a
 * picture is shown before it is decoded, and pictures of the timeline are (see `VideoClock`).
 */
export const COMPOSITION_ROOM = 5 * 90_000

/** The descriptor from which the first rung's fragments are read; the others follow. Progress comes on the one before. */
export const FIRST_OUTPUT = 4
export const PROGRESS_OUTPUT = 3

/**
 * What ffmpeg is told to make a ladder: the source as fragmented MP4 on its standard input, each rung as fragmented MP4 on a
 * pipe of its own, a fragment a picture, with the times that the pictures came with in ticks of 90 kHz. No audio: sound is
 * the source's own.
 */
export function ladderArguments(command: LadderCommand): readonly string[] {
  const { rungs, encoder } = command
  return [
    ...[...quiet, ...progress, ...encoders[encoder].device],
    // One thread: several would each hold a picture back. What a stream says must not stop it from being shown.
    ...['-threads', '1', '-probesize', '32', '-analyzeduration', '0', '-copyts'],
    // An SEI message may ask for pictures to be turned. No browser does that to the source, nor is it done to a rung, whose size is
    // that of the source's shape.
    ...['-noautorotate', '-f', 'mp4', '-i', 'pipe:0'],
    ...['-filter_complex', filterGraph(command)],
    ...rungs.flatMap((rung, i) => [...output(command, rung, i)]),
  ]
}

/** What ffmpeg is told to try an encoder: some grey pictures on its standard input, the same kind of output as a ladder's. */
export function trialArguments(encoder: Encoder): readonly string[] {
  const command: LadderCommand = { source: trialSource, rungs: [trialRung], encoder, preset: 'veryfast' }
  const { width, height } = trialSource
  return [
    ...[...quiet, ...progress, ...encoders[encoder].device],
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-video_size', `${width}x${height}`, '-framerate', '30', '-i', 'pipe:0'],
    ...['-filter_complex', filterGraph(command)],
    ...output(command, trialRung, 0),
  ]
}

export const trialSource = {
  ...{ width: 640, height: 360, sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false },
} as const satisfies SourceFacts
export const trialRung: Rung = {
  ...{ slot: 0, width: 426, height: 240, frameRate: 30, every: 1, bitrate: 500_000, level: 30 },
  codecString: 'avc1.64001e',
}

/** Nothing that a stream says can make it open a file or a connection, or take more memory than 8K does. */
const quiet = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe'],
  ...['-max_pixels', String(LADDER_LIMITS.pixels)],
]
const progress = ['-progress', `pipe:${PROGRESS_OUTPUT}`, '-stats_period', '1']

function output({ encoder, preset }: LadderCommand, rung: Rung, index: number): readonly string[] {
  return [
    ...['-map', `[r${index}]`, ...encoders[encoder].options(rung, preset), ...commonOptions(rung)],
    // As they come, on the source's clock: by default ffmpeg rounds times to the frame rate it has guessed.
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-video_track_timescale', '90000'],
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
    // It keeps something of each fragment for a trailer, ever more, and nobody reads that.
    ...['-movflags', 'empty_moov+default_base_moof+frag_every_frame+frag_discont+skip_trailer', '-flush_packets', '1'],
    ...['-f', 'mp4', `pipe:${FIRST_OUTPUT + index}`],
  ]
}

/** The work that all rungs share is done once, before they part. */
function filterGraph({ source, rungs, encoder, after }: LadderCommand): string {
  const deinterlaced = source.interlaced ? ['yadif=mode=send_frame:deint=interlaced'] : []
  // What a source says of its colours comes out with every rung. Where it says nothing a rung would be taken for something else.
  const said = source.assumed === 'bt709' ? ['setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709'] : []
  const labels = rungs.map((_, i) => `[s${i}]`).join('')
  const shared = ['[0:v:0]', [...deinterlaced, ...said, `split=${rungs.length}`].join(','), labels].join('')
  const own = rungs.map((rung, i) => {
    const steps = [...begun(rung, after), ...thinned(rung, source), scaled(rung, source), encoders[encoder].filter]
    return `[s${i}]${steps.join(',')}[r${i}]`
  })
  return [shared, ...own].join(';')
}

/** The first that is left is the encoder's first, and so a key frame. Half a tick more, for times are decimal fractions here. */
function begun({ slot }: Rung, after: LadderCommand['after']): readonly string[] {
  const at = after?.get(slot)
  return at === undefined ? [] : [`select='gt(t,${((at + COMPOSITION_ROOM + 0.5) / 90_000).toFixed(6)})'`]
}

/** Keeps key frames, and of the others those that are far enough from the one kept before: whatever the times, no resampling. */
function thinned({ every }: Rung, { frameRate }: SourceFacts): readonly string[] {
  if (every === 1) return []
  const least = ((every - 0.5) / frameRate).toFixed(6)
  return [`select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,${least})'`]
}

/** High dynamic range is brought to the range of BT.709 at the size of the rung, where that costs less. */
function scaled({ width, height }: Rung, { hdr }: SourceFacts): string {
  const size = `scale=${width}:${height}:out_range=tv`
  if (hdr === undefined) return `${size},setsar=1`
  // Said, not left to the stream: those that name the transfer alone are of BT.2020 too, and zscale fails without the rest.
  const transfer = hdr === 'pq' ? 'smpte2084' : 'arib-std-b67'
  const named = `setparams=color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc`
  const linear = 'zscale=t=linear:npl=100,format=gbrpf32le'
  const mapped = 'zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv'
  return `${named},scale=${width}:${height},${linear},${mapped},setsar=1`
}
