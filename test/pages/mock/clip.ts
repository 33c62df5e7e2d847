import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeOnce } from '../../support/encode-once.ts'

/** One track of a test clip, cut into parts of a third of a second. */
export interface ClipTrack {
  readonly init: Buffer
  readonly parts: readonly Buffer[]
  /** Seconds of each part: sound is cut between its frames. */
  readonly durations: readonly number[]
}

export interface Clip {
  readonly video: ClipTrack
  readonly audio: ClipTrack
  /** Parts between key frames. */
  readonly keyParts: number
  /** Renditions beside `video`, with the same borders; the best first. */
  readonly rungs?: readonly Rung[]
}

export interface Rung {
  readonly track: ClipTrack
  readonly height: number
  /** Bits per second. */
  readonly bitrate: number
  /** Parts between key frames. */
  readonly keyParts: number
}

/** Seconds of a part. */
export const partDuration = 1 / 3
/** Seconds of a frame of AAC. */
const soundFrame = 1024 / 48_000
/** Fragments of a part, or of one frame of sound. */
const movie = ['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof']
const fragmented = [...movie, '-frag_duration', '333000']
const frameByFrame = [...movie, '-frag_duration', '1']
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p']
const keyEvery = (frames: number) => ['-g', String(frames), '-keyint_min', String(frames), '-sc_threshold', '0']

/** Pictures a second. */
const rate = 30
/** Pictures of a part. */
const partFrames = rate * partDuration
/** The shortest that holds whole frames of AAC and whole seconds. */
const soundSeconds = 8

/** Pictures that are encoded: whole groups, ten seconds or more of them, or all where a clip is shorter. */
const encodedFrames = (seconds: number, keyFrames: number) =>
  Math.min(Math.ceil((10 * rate) / keyFrames) * keyFrames, seconds * rate)

/** A clip that ffmpeg makes: 30 frames and 3 parts a second. @param keyFrames frames between key frames, a multiple of 10 */
export async function makeClip(seconds: number, keyFrames: number): Promise<Clip> {
  const frames = encodedFrames(seconds, keyFrames)
  const folder = await encodeOnce([
    ...['-f', 'lavfi', '-i', `testsrc=size=320x180:rate=${rate}:duration=${frames / rate}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${soundSeconds + 1}`],
    ...['-map', '0:v', ...x264, ...keyEvery(keyFrames), '-b:v', '300k', ...fragmented, 'v.mp4'],
    ...['-map', '1:a', '-c:a', 'aac', '-b:a', '64k', ...frameByFrame, 'a.mp4'],
  ])
  const sound = split(await readFile(join(folder, 'a.mp4')))
  return {
    video: toParts(
      repeat(split(await readFile(join(folder, 'v.mp4'))), frames / partFrames, seconds / partDuration),
      partDuration,
    ),
    audio: toParts(repeat(sound, Math.round(soundSeconds / soundFrame), seconds / soundFrame), soundFrame),
    keyParts: keyFrames / partFrames,
  }
}

/** Lines and bits per second of a ladder's renditions. */
export type Step = readonly [height: number, bitrate: number]

/**
 * A clip in several renditions, each at a constant bit rate as a busy picture has it. Key frames of the best are 2 s apart, as an
 * encoder sends them, those of the others a second, as our ladder makes them.
 */
export async function makeLadder(seconds: number, steps: readonly Step[]): Promise<Clip> {
  const clip = await makeClip(seconds, 60)
  const rungs: Rung[] = []
  for (const [place, [height, bitrate]] of steps.entries()) {
    const bits = String(bitrate)
    const keyFrames = place === 0 ? 60 : 30
    const frames = encodedFrames(seconds, keyFrames)
    const folder = await encodeOnce([
      ...['-f', 'lavfi', '-i', `testsrc=size=${(height * 16) / 9}x${height}:rate=${rate}:duration=${frames / rate}`],
      ...[...x264, ...keyEvery(keyFrames), '-x264-params', 'nal-hrd=cbr'],
      ...['-b:v', bits, '-minrate', bits, '-maxrate', bits, '-bufsize', String(bitrate / 2), ...fragmented, 'v.mp4'],
    ])
    const pictures = split(await readFile(join(folder, 'v.mp4')))
    const track = toParts(repeat(pictures, frames / partFrames, seconds / partDuration), partDuration)
    rungs.push({ track, height, bitrate, keyParts: keyFrames / partFrames })
  }
  return { ...clip, rungs }
}

interface Fragments {
  readonly init: Buffer
  readonly fragments: readonly Buffer[]
}

/** The first `length` fragments, again and again, until there are `count`: minutes of them are encoded in no more time than seconds. */
function repeat({ init, fragments }: Fragments, length: number, count: number): Fragments {
  const [first, second] = fragments
  if (!first || !second || fragments.length < length) throw new Error(`${fragments.length} fragments, not ${length}`)
  const step = second.readBigUInt64BE(decodeTimeAt(second)) - first.readBigUInt64BE(decodeTimeAt(first))
  const all = Array.from({ length: Math.floor(count + 1e-6) }, (_, i) => {
    const fragment = Buffer.from(fragments[i % length] as Buffer)
    const at = decodeTimeAt(fragment)
    fragment.writeBigUInt64BE(fragment.readBigUInt64BE(at) + step * BigInt(i - (i % length)), at)
    return fragment
  })
  return { init, fragments: all }
}

/** Where the time of a fragment's first frame stands: in a `tfdt` of version 1, behind its version and flags. */
function decodeTimeAt(fragment: Buffer): number {
  const name = fragment.indexOf('tfdt')
  if (name === -1 || fragment[name + 4] !== 1) throw new Error('a fragment without a decode time of 64 bits')
  return name + 8
}

/** ISO BMFF boxes: what stands before the first `moof` is the header, then `moof` and `mdat` by turns. */
function split(file: Buffer): Fragments {
  const init: Buffer[] = []
  const fragments: Buffer[] = []
  let moof: Buffer | undefined
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const box = file.subarray(at, at + size)
    if (type === 'moof') moof = box
    else if (type === 'mdat' && moof) fragments.push(Buffer.concat([moof, box]))
    else if (fragments.length === 0 && moof === undefined) init.push(box)
    at += size
  }
  return { init: Buffer.concat(init), fragments }
}

/**
 * Fragments that begin within a part's time are that part: whose parts drifted away from what the playlist says of them, as sound
 * does in fragments of so many milliseconds, would have holes for a player.
 *
 * @param each seconds of a fragment
 */
function toParts({ init, fragments }: Fragments, each: number): ClipTrack {
  const groups: Buffer[][] = []
  for (const [i, fragment] of fragments.entries()) {
    const part = Math.floor((i * each) / partDuration + 1e-6)
    ;(groups[part] ??= []).push(fragment)
  }
  return {
    init,
    parts: groups.map((group) => Buffer.concat(group)),
    durations: groups.map((group) => group.length * each),
  }
}
