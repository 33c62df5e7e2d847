import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { inBandParameterSets } from '../../codecs/h264/avcc.ts'
import { videoConfigFromAvcC } from '../../codecs/h264/config.ts'
import { AVCC } from '../../codecs/h264/fixtures.ts'
import { type Box, findBox, openFullBox, parseBoxes } from './box.ts'
import { parseInitSegment } from './parse-init.ts'
import { createProgressivePlanner, type ProgressivePlan } from './progressive.ts'
import type { ProgressiveSample } from './progressive-model.ts'

const VIDEO = videoConfigFromAvcC(AVCC.hd1080)
const OTHER = videoConfigFromAvcC(AVCC.sarColour)
const AUDIO = audioConfigFromAsc(Uint8Array.of(0x11, 0x90))

function picture(size: number, key = false, compositionOffset = 0): ProgressiveSample {
  return { size, duration: 3000, compositionOffset, key }
}

function plan(
  ...chunks: [start: number, samples: ProgressiveSample[], configIndex?: number][]
): ProgressivePlan<number> {
  const planner = createProgressivePlanner<number>([{ track: 1, configs: [VIDEO, OTHER].slice(0, configsOf(chunks)) }])
  for (const [index, [start, samples, configIndex]] of chunks.entries()) {
    planner.add(1, { configIndex: configIndex ?? 0, start, samples, source: index })
  }
  return planner.finish()
}

function configsOf(chunks: [number, ProgressiveSample[], number?][]): number {
  return chunks.some(([, , configIndex]) => configIndex !== undefined) ? 2 : 1
}

/** 32-bit words behind version and flags of a box in the track's sample table. */
function table(made: ProgressivePlan<unknown>, type: string, track = 0): number[] | undefined {
  const inside = (boxes: readonly Box[], name: string) => parseBoxes(findBox(boxes, name)?.content ?? new Uint8Array(0))
  const moov = inside(parseBoxes(made.header, { partial: true }), 'moov')
  const trak = parseBoxes(moov.filter((box) => box.type === 'trak')[track]?.content ?? new Uint8Array(0))
  const found = findBox(inside(inside(inside(trak, 'mdia'), 'minf'), 'stbl'), type)
  if (found === undefined) return undefined
  const { reader } = openFullBox(found)
  return Array.from({ length: reader.remaining >> 2 }, () => reader.u32())
}

test('tables of two chunks', () => {
  const made = plan([90_000, [picture(10, true), picture(5)]], [96_000, [picture(7), picture(3, true)]])
  assert.deepEqual(table(made, 'stts'), [1, 4, 3000])
  assert.equal(table(made, 'ctts'), undefined)
  assert.deepEqual(table(made, 'stss'), [2, 1, 4])
  assert.deepEqual(table(made, 'stsc'), [1, 1, 2, 1])
  assert.deepEqual(table(made, 'stsz'), [0, 4, 10, 5, 7, 3])
  const start = made.header.byteLength
  assert.deepEqual(table(made, 'stco'), [2, start, start + 15])
  assert.deepEqual(made.layout, [
    { offset: start, size: 15, source: 0, skip: 0 },
    { offset: start + 15, size: 10, source: 1, skip: 0 },
  ])
  assert.deepEqual([made.mdatSize, made.size, made.duration], [33, start + 25, 12_000 / 90_000])
})

test('negative composition offsets are written signed, runs together', () => {
  const made = plan([
    0,
    [picture(1, true), picture(1, false, 6000), picture(1, false, -3000), picture(1, false, -3000)],
  ])
  assert.deepEqual(table(made, 'ctts'), [3, 1, 0, 1, 6000, 2, 0xffffffff - 2999])
})

test('samples without bytes are each listed with their size', () => {
  assert.deepEqual(table(plan([0, [picture(0, true), picture(0, true)]]), 'stsz'), [0, 2, 0, 0])
})

test('equal sizes and only key frames need no tables', () => {
  const made = plan([0, [picture(4, true), picture(4, true)]])
  assert.deepEqual(table(made, 'stsz'), [4, 2])
  assert.equal(table(made, 'stss'), undefined)
})

test('the last sample before a hole lasts until the next chunk', () => {
  const made = plan([0, [picture(1, true), picture(1)]], [7000, [picture(1)]])
  assert.deepEqual(table(made, 'stts'), [3, 1, 3000, 1, 4000, 1, 3000])
})

test('chunks that overlap by rounding shorten it', () => {
  const made = plan([0, [picture(1, true)]], [2999, [picture(1)]])
  assert.deepEqual(table(made, 'stts'), [2, 1, 2999, 1, 3000])
})

test('an overlap longer than the last sample is made good by the chunks after', () => {
  const made = plan([0, [picture(1, true)]], [0, [picture(1)]], [6000, [picture(1)]])
  // 1 tick, then all that is left until 6000.
  assert.deepEqual(table(made, 'stts'), [3, 1, 1, 1, 5999, 1, 3000])
})

test('chunks of the tracks lie in the order of time, one track in its own order', () => {
  const planner = createProgressivePlanner<string>([
    { track: 1, configs: [VIDEO] },
    { track: 2, configs: [AUDIO] },
    { track: 3, configs: [AUDIO] },
  ])
  const sound = [{ size: 4, duration: 1024, compositionOffset: 0, key: true }]
  for (const [i, start] of [0, 90_000, 180_000].entries()) {
    planner.add(1, { configIndex: 0, start, samples: [picture(9, true)], source: `v${i}` })
  }
  for (const [i, start] of [24_000, 72_000].entries())
    planner.add(2, { configIndex: 0, start, samples: sound, source: `a${i}` })
  const made = planner.finish()
  assert.deepEqual(
    made.layout.map((piece) => 'source' in piece && piece.source),
    ['v0', 'a0', 'v1', 'a1', 'v2'],
  )
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  // The track without samples is left out; the later one begins with an empty edit of half a second.
  assert.deepEqual(
    tracks.map(({ track, edits }) => [track, edits]),
    [
      [1, []],
      [
        2,
        [
          { duration: 45_000, mediaTime: -1 },
          { duration: 91_920, mediaTime: 0 },
        ],
      ],
    ],
  )
})

test('several configurations: a sample description each, parameter sets in front of key frames', () => {
  const made = plan([0, [picture(10, true), picture(5)], 0], [6000, [picture(7), picture(3, true), picture(2)], 1])
  assert.deepEqual(table(made, 'stsc'), [2, 1, 2, 1, 2, 3, 2])
  const first = inBandParameterSets(VIDEO.decoderConfig)
  const second = inBandParameterSets(OTHER.decoderConfig)
  assert.deepEqual(table(made, 'stsz'), [0, 5, 10 + first.byteLength, 5, 7, 3 + second.byteLength, 2])
  const begin = made.header.byteLength
  const inserted = begin + first.byteLength
  assert.deepEqual(made.layout, [
    { offset: begin, size: first.byteLength, bytes: first },
    { offset: inserted, size: 15, source: 0, skip: 0 },
    { offset: inserted + 15, size: 7, source: 1, skip: 0 },
    { offset: inserted + 22, size: second.byteLength, bytes: second },
    { offset: inserted + 22 + second.byteLength, size: 5, source: 1, skip: 7 },
  ])
  assert.equal(made.size, inserted + 27 + second.byteLength)
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  assert.deepEqual(
    tracks[0]?.entries.map(({ codecString }) => codecString),
    [VIDEO.codecString, OTHER.codecString],
  )
})

test('equal configurations are one: a reconnect changes nothing', () => {
  const again = videoConfigFromAvcC(AVCC.hd1080)
  const planner = createProgressivePlanner<number>([{ track: 1, configs: [VIDEO, again] }])
  planner.add(1, { configIndex: 0, start: 0, samples: [picture(10, true)], source: 0 })
  planner.add(1, { configIndex: 1, start: 3000, samples: [picture(10, true)], source: 1 })
  const made = planner.finish()
  assert.deepEqual(table(made, 'stsc'), [1, 1, 1, 1])
  assert.deepEqual(table(made, 'stsz'), [10, 2])
})

test('times of another sample rate are brought to the first', () => {
  const low = audioConfigFromAsc(Uint8Array.of(0x12, 0x10)) // 44.1 kHz
  const planner = createProgressivePlanner<number>([{ track: 2, configs: [AUDIO, low] }])
  const frame = { size: 1, duration: 1024, compositionOffset: 0, key: true }
  planner.add(2, { configIndex: 0, start: 48_000, samples: [frame], source: 0 })
  planner.add(2, { configIndex: 1, start: 44_100 + 941, samples: [frame, frame], source: 1 })
  // 941/44100 s is 1024.2 samples of 48 kHz, a frame is 1114.6 of them.
  assert.deepEqual(table(planner.finish(), 'stts'), [3, 1, 1024, 1, 1115, 1, 1114])
})

test('a file above 4 GiB has 64-bit offsets and a large mdat', () => {
  const chunks = Array.from({ length: 5 }, (_, i): [number, ProgressiveSample[]] => [
    i * 3000,
    [picture(2 ** 30, true)],
  ])
  const made = plan(...chunks)
  assert.equal(table(made, 'stco'), undefined)
  const start = made.header.byteLength
  const offsets = table(made, 'co64')
  assert.deepEqual(offsets?.slice(0, 3), [5, 0, start])
  assert.deepEqual(offsets?.slice(9), [1, start])
  assert.equal(made.size, start + 5 * 2 ** 30)
  const mdat = made.header.subarray(start - 16)
  assert.equal(Buffer.from(mdat).toString('hex'), '000000016d6461740000000140000010')
  assert.deepEqual(made.layout[4], { offset: start + 2 ** 32, size: 2 ** 30, source: 4, skip: 0 })
})

test('offsets grow to 64 bits when only the header takes the file across 4 GiB', () => {
  const made = plan([0, [picture(2 ** 31, true)]], [3000, [picture(2 ** 31 - 100, true)]])
  assert.equal(table(made, 'co64')?.[0], 2)
  assert.equal(made.mdatSize, 2 ** 32 - 92)
})

test('a movie of more than 13 hours has 64-bit durations', () => {
  const made = plan([0, [picture(1, true)]], [2e9, [picture(1)]], [4e9, [picture(1)]], [5e9, [picture(1)]])
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  assert.equal(tracks[0]?.duration, 5e9 + 3000)
})

test('a hole longer than a sample may last is an empty edit, and nothing is shown twice or late behind it', () => {
  const second = 2 ** 31 + 9000
  const third = second + 2 ** 33
  const made = plan([3000, [picture(1, true), picture(1)]], [second, [picture(1, true)]], [third, [picture(1, true)]])
  assert.deepEqual(table(made, 'stts'), [1, 4, 3000])
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  assert.deepEqual(tracks[0]?.edits, [
    { duration: 6000, mediaTime: 0 },
    { duration: second - 9000, mediaTime: -1 },
    { duration: 3000, mediaTime: 6000 },
    { duration: third - second - 3000, mediaTime: -1 },
    { duration: 3000, mediaTime: 9000 },
  ])
  assert.equal(tracks[0]?.duration, 12_000)
  assert.equal(made.duration, third / 90_000)
})

test('with B-frames the hole is where the pictures in front of it have all been shown', () => {
  const shown = (key: boolean) => picture(1, key, 6000)
  const made = plan([0, [shown(true), shown(false)]], [2 ** 32, [shown(true), shown(false), shown(false)]])
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  assert.deepEqual(tracks[0]?.edits, [
    { duration: 12_000, mediaTime: 0 },
    { duration: 2 ** 32 - 6000, mediaTime: -1 },
    { duration: 3000, mediaTime: 12_000 },
  ])
  // An offset beyond the end of the track leaves nothing of it, and no time that goes back.
  const odd = plan([0, [shown(true)]], [2 ** 32, [shown(true)]])
  assert.equal(parseInitSegment(odd.header.subarray(0, odd.header.byteLength - 8)).tracks[0]?.edits.at(-1)?.duration, 0)
})

test('a hole as long as a sample may last is one that lasts as long', () => {
  const made = plan([0, [picture(1, true)]], [2 ** 31 - 1, [picture(1)]])
  assert.deepEqual(table(made, 'stts'), [2, 1, 2 ** 31 - 1, 1, 3000])
  const { tracks } = parseInitSegment(made.header.subarray(0, made.header.byteLength - 8))
  assert.deepEqual(tracks[0]?.edits, [])
})

test('a track that begins later and has such a hole is where its times put it', () => {
  const planner = createProgressivePlanner<number>([
    { track: 1, configs: [VIDEO] },
    { track: 2, configs: [AUDIO] },
  ])
  planner.add(1, { configIndex: 0, start: 0, samples: [picture(1, true)], source: 0 })
  const frame = { size: 1, duration: 1024, compositionOffset: 0, key: true }
  const hours = 3600 * 48_000
  for (const start of [24_000, 20 * hours]) planner.add(2, { configIndex: 0, start, samples: [frame], source: start })
  const { header } = planner.finish()
  const { tracks } = parseInitSegment(header.subarray(0, header.byteLength - 8))
  assert.deepEqual(tracks[1]?.edits, [
    { duration: 45_000, mediaTime: -1 },
    { duration: 1920, mediaTime: 0 },
    { duration: 20 * 3600 * 90_000 - 46_920, mediaTime: -1 },
    { duration: 1920, mediaTime: 1024 },
  ])
})

test('what cannot be planned is malformed', () => {
  assert.throws(() => plan(), { code: 'malformed' })
  assert.throws(() => plan([0, []]), { code: 'malformed' })
  assert.throws(() => plan([3000, [picture(1)]], [0, [picture(1)]]), { code: 'malformed' })
  assert.throws(() => plan([0.5, [picture(1)]]), { code: 'malformed' })
  assert.throws(() => plan([0, [picture(1)], 3]), { code: 'malformed' })
  assert.throws(() => plan([0, [picture(1, true, 2 ** 31)]]), { code: 'malformed' })
  const planner = createProgressivePlanner<number>([{ track: 1, configs: [VIDEO] }])
  assert.throws(() => planner.add(2, { configIndex: 0, start: 0, samples: [], source: 0 }), { code: 'malformed' })
  assert.throws(() => createProgressivePlanner([{ track: 1, configs: [] }]), { code: 'malformed' })
  assert.throws(() => createProgressivePlanner([{ track: 1, configs: [VIDEO, AUDIO] }]), { code: 'malformed' })
})
