import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parseAvcC } from '@bandstand/media/codecs/h264/avcc.ts'
import { parseSps } from '@bandstand/media/codecs/h264/sps.ts'
import { type Clip, readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
import { writeFragment } from '@bandstand/media/containers/isobmff/fragment.ts'
import { writeInitSegment } from '@bandstand/media/containers/isobmff/init.ts'
import type { VideoTrackConfig } from '@bandstand/media/track.ts'
import { ladderArguments } from './arguments.ts'
import type { RungSettings, SourceFacts } from './model.ts'
import { type Picture, type ProcessEnd, startLadderProcess } from './process.ts'
import { planRungs } from './rungs.ts'
import { sourceFacts } from './source-facts.ts'

/** What a ladder makes of sources that are not as most are: looked at picture by picture, from the encoder to the decoded rung. */

/** A second of what ffmpeg draws, encoded and read as the server reads it. */
function encode(picture: string, frameRate: string, options: readonly string[]): Clip {
  const inputs = [...['-f', 'lavfi', '-i', picture], ...['-f', 'lavfi', '-i', 'sine']]
  const args = ['-v', 'error', ...inputs, '-t', '1', '-r', frameRate]
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '12', '-bf', '0', ...options, '-c:a', 'aac']
  const made = spawnSync('ffmpeg', [...args, ...codec, '-f', 'flv', 'pipe:1'], { maxBuffer: 32 << 20 })
  assert.equal(made.stderr.toString(), '')
  return readClip(made.stdout, 0)
}

interface Made {
  readonly config: VideoTrackConfig
  readonly pictures: readonly Picture[]
  /** Luma of the picture in the middle, row by row. */
  readonly rows: readonly Uint8Array[]
}

/** One rung of a clip. */
async function make(
  clip: Clip,
  frameRate: number,
  wanted: RungSettings,
  change: Partial<SourceFacts> = {},
): Promise<Made> {
  const source = { ...sourceFacts(clip.video, frameRate), ...change }
  const rungs = planRungs(source, [wanted])
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>()
  let config: VideoTrackConfig | undefined
  const pictures: Picture[] = []
  const process = startLadderProcess({
    ...{ ffmpeg: 'ffmpeg', outputs: 1, source: clip.video, isHardware: false },
    ...{ now: Date.now, onEnd: resolve, onGone: () => undefined },
    args: ladderArguments({ source, rungs, encoder: 'x264', preset: 'veryfast' }),
    onTrack: (_, found) => void (config = found),
    onPicture: (_, picture) => void pictures.push(picture),
  })
  clip.pictures.forEach(({ data, key }, i) => {
    const time = Math.round((i * 90_000) / frameRate)
    process.feed({ dts: time, pts: time, key, data })
  })
  process.finish()
  assert.equal((await promise).reason, 'it ended with status 0')
  assert.ok(config !== undefined)
  const fragments = pictures.map(({ data, key, pts }, i) =>
    writeFragment({
      ...{ sequence: i + 1, track: 1, baseDecodeTime: pts },
      samples: [{ data, duration: 3_000, compositionOffset: 0, key }],
    }),
  )
  const decode = [
    '-v',
    'error',
    '-i',
    'pipe:0',
    '-vsync',
    'passthrough',
    '-pix_fmt',
    'gray',
    '-f',
    'rawvideo',
    'pipe:1',
  ]
  const input = Buffer.concat([writeInitSegment(1, config), ...fragments])
  const raw = spawnSync('ffmpeg', decode, { input, maxBuffer: 64 << 20 })
  assert.equal(raw.stderr.toString(), '')
  const { width, height } = config
  assert.equal(raw.stdout.byteLength, pictures.length * width * height)
  const begin = Math.floor(pictures.length / 2) * width * height
  const rows = Array.from({ length: height }, (_, y) => raw.stdout.subarray(begin + y * width, begin + (y + 1) * width))
  return { config, pictures, rows }
}

const rung = (height: number, frameRate = 30): RungSettings => ({ height, bitrate: 1_000_000, frameRate })
const grey = (expression: string) => `format=yuv420p,geq=lum='${expression}':cb=128:cr=128`

/** Mean difference of pixels that stand one above the other. */
function roughness(rows: readonly Uint8Array[]): number {
  let [sum, count] = [0, 0]
  rows.slice(1).forEach((row, y) =>
    row.forEach((luma, x) => {
      sum += Math.abs(luma - (rows[y]?.[x] ?? luma))
      count++
    }),
  )
  return sum / count
}

test('fields: upright bars that move stay upright bars', async () => {
  const bars = `color=gray:s=320x240:r=50,${grey('if(lt(mod(X-N*4,64),32),40,200)')},interlace=scan=tff:lowpass=off`
  const clip = encode(bars, '25', ['-flags', '+ildct+ilme', '-g', '25'])
  assert.equal(sourceFacts(clip.video, 25).interlaced, true)
  const { rows } = await make(clip, 25, rung(232))
  assert(roughness(rows) < 2, `${roughness(rows)}`)
  const left = await make(clip, 25, rung(232), { interlaced: false })
  assert(roughness(left.rows) > 4, `this would show it: ${roughness(left.rows)}`)
})

for (const [hdr, name] of [
  ['pq', 'smpte2084'],
  ['hlg', 'arib-std-b67'],
] as const) {
  test(`high dynamic range (${hdr}), 10 bits: 8 bits of BT.709, from black to white, brighter where the source is`, async () => {
    const steps = "format=yuv420p10le,geq=lum='64+876*floor(X*8/W)/7':cb=512:cr=512"
    const colour = ['-color_primaries', 'bt2020', '-color_trc', name, '-colorspace', 'bt2020nc', '-color_range', 'tv']
    const clip = encode(`color=black:s=320x180:r=25,${steps}`, '25', ['-pix_fmt', 'yuv420p10le', ...colour])
    assert.equal(sourceFacts(clip.video, 25).hdr, hdr)
    const { config, rows } = await make(clip, 25, rung(144))
    const [sps] = parseAvcC(config.decoderConfig).sps
    const read = sps && parseSps(sps)
    assert.deepEqual(
      [config.codecString.slice(0, 7), read?.colour],
      ['avc1.64', { primaries: 1, transfer: 1, matrix: 1, fullRange: false }],
    )
    const middle = rows[72] ?? new Uint8Array()
    const levels = Array.from({ length: 8 }, (_, i) => middle[16 + i * 32] ?? 0)
    assert(
      levels.every((level, i) => i === 0 || level >= (levels[i - 1] ?? 0)),
      levels.join(),
    )
    const [black = 0, white = 0] = [levels[0], levels[7]]
    assert(black < 20 && white > 200, levels.join())
  })
}

/** Red as BT.601 has it: of BT.709 its luma would be another. */
const red = (size: string) => `color=black:s=16x16:r=25,format=yuv420p,geq=lum=81:cb=90:cr=240,scale=${size}`
const colourOf = ({ decoderConfig }: VideoTrackConfig) => {
  const [sps] = parseAvcC(decoderConfig).sps
  return sps && parseSps(sps).colour
}

for (const [name, code] of [
  ['bt709', 1],
  ['smpte170m', 6],
] as const) {
  test(`what a source says of its colours is said of each rung, and they stay as they were (${name})`, async () => {
    const said = ['-color_primaries', name, '-color_trc', name, '-colorspace', name, '-color_range', 'tv']
    const clip = encode(red('1280:720'), '25', ['-pix_fmt', 'yuv420p', ...said])
    const { config, rows } = await make(clip, 25, rung(144))
    const colour = { primaries: code, transfer: code, matrix: code, fullRange: false }
    assert.deepEqual([colourOf(clip.video), colourOf(config)], [colour, colour])
    assert(Math.abs((rows[72]?.[100] ?? 0) - ((81 - 16) * 255) / 219) < 4, `${rows[72]?.[100]}`)
  })
}

test('a source that says nothing of its colours: its rungs are taken for what it is taken for', async () => {
  const colours = async (size: string) => {
    const clip = encode(red(size), '25', ['-pix_fmt', 'yuv420p'])
    assert.equal(colourOf(clip.video), undefined)
    return colourOf((await make(clip, 25, rung(144))).config)
  }
  assert.deepEqual(await colours('1280:720'), { primaries: 1, transfer: 1, matrix: 1, fullRange: false })
  const { primaries = 2, transfer = 2, matrix = 2 } = (await colours('320:180')) ?? {}
  assert.deepEqual([primaries, transfer, matrix], [2, 2, 2])
})

test('full range becomes what players take for granted, and as bright as it was', async () => {
  const steps = `${grey('16+219*floor(X*8/W)/7')},scale=out_range=pc,format=yuvj420p`
  const clip = encode(`color=black:s=320x180:r=25,${steps}`, '25', ['-pix_fmt', 'yuvj420p'])
  const { config, rows } = await make(clip, 25, rung(144))
  const [sps] = parseAvcC(config.decoderConfig).sps
  assert.notEqual(sps && parseSps(sps).colour?.fullRange, true)
  const levels = Array.from({ length: 8 }, (_, i) => rows[72]?.[16 + i * 32] ?? 0)
  for (const [i, level] of levels.entries()) assert(Math.abs(level - (255 * i) / 7) < 5, levels.join())
})

test('pictures of odd sides become even ones of the same shape', async () => {
  const clip = encode(`color=gray:s=321x241:r=25,format=yuv444p`, '25', ['-pix_fmt', 'yuv444p'])
  assert.deepEqual([clip.video.width, clip.video.height], [321, 241])
  const { config } = await make(clip, 25, rung(144))
  assert.deepEqual([config.width, config.height, config.codecString.slice(0, 7)], [192, 144, 'avc1.64'])
})

test('pixels that are not square become square: what is round stays round', async () => {
  const disc = grey('if(lt(hypot((X-W/2)*4/3,Y-H/2),H/3),220,30)')
  const clip = encode(`color=gray:s=240x180:r=25,${disc},setsar=4/3`, '25', ['-pix_fmt', 'yuv420p'])
  const { config, rows } = await make(clip, 25, rung(144))
  assert.deepEqual([config.width, config.height, config.sampleAspectRatio], [256, 144, [1, 1]])
  const bright = (luma: number | undefined) => (luma ?? 0) > 128
  const across = (rows[72] ?? new Uint8Array()).filter(bright).length
  const down = rows.filter((row) => bright(row[128])).length
  assert(Math.abs(across - down) <= 3 && down > 80, `${across} × ${down}`)
})

test('what an SEI message wants turned is not: no browser turns the source', async () => {
  const bar = grey('if(lt(X,W/4),220,30)')
  const turned = ['-pix_fmt', 'yuv420p', '-bsf:v', 'h264_metadata=display_orientation=insert:rotate=90']
  const clip = encode(`color=gray:s=320x180:r=25,${bar}`, '25', turned)
  const { config, rows } = await make(clip, 25, rung(144))
  assert.deepEqual([config.width, config.height], [256, 144])
  for (const y of [5, 138]) assert((rows[y]?.[10] ?? 0) > 180 && (rows[y]?.[240] ?? 255) < 60, `row ${y}`)
})

for (const [name, frameRate, every] of [
  ['24000/1001', 24_000 / 1001, 1],
  ['60000/1001', 60_000 / 1001, 2],
] as const) {
  test(`${name} frames a second: each that is left has its time`, async () => {
    const clip = encode(`testsrc2=s=320x180:r=${name}`, name, ['-pix_fmt', 'yuv420p', '-g', '120'])
    const { config, pictures } = await make(clip, frameRate, rung(144))
    assert.equal(config.height, 144)
    const times = clip.pictures.map((_, i) => Math.round((i * 90_000) / frameRate)).filter((_, i) => i % every === 0)
    assert.deepEqual(
      pictures.map(({ pts }) => pts),
      times,
    )
  })
}
