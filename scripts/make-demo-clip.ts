import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '../test/support/browser.ts'
import { runToEnd, start } from '../test/support/process.ts'
import { findProgram } from '../test/support/programs.ts'
import { temporaryFolder } from '../test/support/temporary.ts'
import { root } from './source.ts'

/**
 * Makes apps/bandstand/demo/clip.flv: one minute, 1280×720 at 30 frames a second, key frames every 2 s, no B-frames,
 * AAC. It is a minute long so that a publisher that begins it at the current second of the minute shows the wall clock
 * without an encoder. Needs Chromium (draws) and ffmpeg (encodes); takes some minutes.
 *
 *   node scripts/make-demo-clip.ts
 */

const seconds = 60
const frameRate = 30
/** AAC frames of 1024 samples: a minute is a whole number of them at 32 kHz (and is not at 48 or 44.1). */
const sampleRate = 32_000
const audioFrames = (seconds * sampleRate) / 1024

const ffmpeg = findProgram('ffmpeg')
const quiet = ['-hide_banner', '-loglevel', 'error', '-y']
const folder = temporaryFolder('clip')
const minutes = 60_000

async function makePictures(path: string): Promise<void> {
  const browser = await chromium()
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  await page.setContent('<style>body{margin:0}canvas{display:block}</style><canvas width="1280" height="720"></canvas>')
  await page.addScriptTag({ content: readFileSync(join(root, 'scripts/demo-clip/picture.js'), 'utf8') })
  const encoder = start(
    ffmpeg,
    [...quiet, '-f', 'image2pipe', '-c:v', 'png', '-r', String(frameRate), '-i', 'pipe:0', ...encoding, path],
    { limit: 30 * minutes },
  )
  for (let frame = 0; frame < seconds * frameRate; frame += 1) {
    await page.evaluate((at) => (globalThis as unknown as { draw(at: number): void }).draw(at), frame / frameRate)
    const picture = await page.screenshot({ type: 'png' })
    if (!encoder.stdin.write(picture)) await new Promise((resolve) => encoder.stdin.once('drain', resolve))
  }
  encoder.stdin.end()
  await browser.close()
  const { code } = await encoder.exited
  if (code !== 0) throw new Error(encoder.output())
}

/** Lossless, so that the real encoding can be tried out without drawing again. */
const encoding = ['-c:v', 'libx264', '-preset', 'veryfast', '-qp', '0', '-pix_fmt', 'yuv420p']

/** Key frames are made alike and the rest follows cheaply: almost nothing moves. */
const video = [
  ...['-c:v', 'libx264', '-preset', 'veryslow', '-tune', 'animation', '-profile:v', 'main', '-pix_fmt', 'yuv420p'],
  ...['-bf', '0', '-g', String(2 * frameRate), '-keyint_min', String(2 * frameRate), '-sc_threshold', '0'],
  ...['-b:v', '70k', '-x264-params', 'rc-lookahead=60:ref=4:ipratio=1.7:qcomp=0.8'],
]

/** Four soft chords of 7.5 s, twice a minute, and a quiet tick on each second so that sound shows the delay too. */
function chords(): string {
  const notes = [
    [220, 261.63, 329.63, 440],
    [174.61, 220, 261.63, 349.23],
    [196, 246.94, 293.66, 392],
    [164.81, 207.65, 246.94, 329.63],
  ]
  const length = 7.5
  // Frequencies are rounded to whole periods in a minute, so that the loop has no click.
  const whole = (frequency: number) => Math.round(frequency * seconds) / seconds
  const voices = notes.map((chord, index) => {
    const local = `mod(t-${index * length}+${4 * length},${4 * length})`
    const swell = `pow(sin(PI*clip(${local}/${length + 1.5},0,1)),2)`
    return `${swell}*(${chord.map((note) => `sin(2*PI*${whole(note)}*t)`).join('+')})`
  })
  const tick = '0.06*sin(2*PI*880*t)*exp(-40*mod(t,1))'
  return `0.07*(${voices.join('+')})+${tick}`
}

/** Cuts an ADTS stream into its frames (ISO 13818-7 §6.2: 13 bits of frame length from bit 30). */
function adtsFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at + 7 <= bytes.length; ) {
    const length =
      ((bytes.readUInt8(at + 3) & 3) << 11) | (bytes.readUInt8(at + 4) << 3) | (bytes.readUInt8(at + 5) >> 5)
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

/** One minute out of the middle of three, so that the encoder's state at its end is that at its beginning. */
async function makeSound(path: string): Promise<void> {
  const long = join(folder, 'long.aac')
  const source = `aevalsrc='${chords()}':s=${sampleRate}:d=${3 * seconds}`
  await runToEnd(ffmpeg, [...quiet, '-f', 'lavfi', '-i', source, '-c:a', 'aac', '-b:a', '32k', '-f', 'adts', long], {
    limit: 5 * minutes,
  })
  // The first frame is the encoder's priming.
  const frames = adtsFrames(readFileSync(long)).slice(1 + audioFrames, 1 + 2 * audioFrames)
  writeFileSync(path, Buffer.concat(frames))
}

const lossless = process.argv[2] ?? join(folder, 'pictures.mkv')
const encoded = join(folder, 'pictures.mp4')
const sound = join(folder, 'sound.aac')
const clip = join(root, 'apps/bandstand/demo/clip.flv')
if (process.argv[2] === undefined || !statSync(lossless, { throwIfNoEntry: false })) await makePictures(lossless)
await makeSound(sound)
await runToEnd(
  ffmpeg,
  [...quiet, '-i', lossless, ...video, '-pass', '1', '-passlogfile', join(folder, 'pass'), '-f', 'null', '-'],
  { limit: 20 * minutes },
)
await runToEnd(
  ffmpeg,
  [...quiet, '-i', lossless, ...video, '-pass', '2', '-passlogfile', join(folder, 'pass'), encoded],
  { limit: 20 * minutes },
)
// By way of MP4, because FLV wants the audio configuration before the first frame and ADTS gives it with that frame.
const boxed = join(folder, 'sound.m4a')
await runToEnd(ffmpeg, [...quiet, '-i', sound, '-c', 'copy', '-bsf:a', 'aac_adtstoasc', boxed])
await runToEnd(ffmpeg, [
  ...[...quiet, '-i', encoded, '-i', boxed, '-map', '0:v', '-map', '1:a', '-c', 'copy'],
  ...['-map_metadata', '-1', '-flvflags', 'no_duration_filesize', '-fflags', '+bitexact', clip],
])
console.log(`${clip}: ${statSync(clip).size} bytes`)
