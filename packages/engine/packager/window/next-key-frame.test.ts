import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { type EncoderOptions, encode, videoConfig } from '../fixtures/encoder.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, text, watchedWindow } from '../fixtures/watched.ts'
import { createRungPacker, type RungPacker } from '../rung-packer.ts'
import type { LiveWindow } from './window.ts'

const RUNG = 11

/** A source and a rung, whose pictures are the source's and begin each segment with a key frame. */
function live(options: Partial<EncoderOptions>, change: (time: number) => number = (time) => time): LiveWindow {
  const window = watchedWindow({ older: everything })
  let packer: RungPacker | undefined
  let epoch = 0
  const studio: Studio = createStudio({
    sinks: () => [window],
    follower: (timing, packager) =>
      (packer = createRungPacker({ timing, sink: window, numbersOf: (t) => packager()?.numbersOf(t) ?? (() => 0) })),
    onEvent(event) {
      if (event.kind === 'epoch-opened') {
        epoch = event.id
        const facts = { width: 640, height: 360, frameRate: 30, bitrate: 800_000, codecString: 'avc1.64001e' }
        window.ladder([{ track: RUNG, ...facts }])
        packer?.add(RUNG, 3000)
        packer?.configure(RUNG, epoch, videoConfig())
        packer?.begin(RUNG, epoch, event.start)
      } else if (event.kind === 'unit' && event.unit.track === VIDEO_TRACK)
        packer?.unit({ ...event.unit, track: RUNG, key: true }, epoch)
    },
  })
  studio.connect(options.audioRate === 0 ? { audio: undefined } : {})
  const sent = [...encode({ seconds: 50, ...options })].map(({ unit, at }) => {
    const shift = unit.track === AUDIO_TRACK ? 0 : change(unit.dts / 90_000) - unit.dts / 90_000
    return { unit: { ...unit, dts: unit.dts + shift * 90_000, pts: unit.pts + shift * 90_000 }, at: at + shift }
  })
  studio.send(sent.sort((a, b) => a.at - b.at))
  return window
}

/** Seconds of whole segments, from the first with media on, and `!` for one behind which is said to be no key frame. */
function listed(window: LiveWindow, name: string): string[] {
  const found = text(window, name).matchAll(
    /(NEXT-INDEPENDENT:NO\n)?(?:#BANDSTAND-INDEPENDENT:NO\n)?#EXTINF:([\d.]+),\ns/g,
  )
  return [...found].map(([, mark, seconds]) => `${Math.round(Number(seconds) * 100) / 100}${mark ? '!' : ''}`)
}

const cuts: readonly [string, Partial<EncoderOptions>, string][] = [
  ['8.3 s apart', { gop: 250 }, '4!,4!,0.33,4!,4!,0.33,4!'],
  ['8 s apart', { gop: 240 }, '4!,4,4!,4,4!,4'],
  ['12 s apart', { gop: 360 }, '4!,4!,4,4!,4!,4'],
  // After 9.5 s.
  [
    '4 s apart, with a change of scene',
    { seconds: 18, gop: (n) => (n < 285 ? n % 120 === 0 : (n - 285) % 120 === 0) },
    '4,4,4!,1.5,4',
  ],
]
for (const [how, options, expected] of cuts) {
  test(`source and rung say behind which segments there is no key frame, those being ${how}`, () => {
    const window = live(options)
    assert.ok(listed(window, 'v1').join().startsWith(expected), listed(window, 'v1').join())
    const rung = listed(window, 'v11')
    // As much as is kept of it in memory.
    assert.match(rung.join(), /^4.*!.*,4/)
    assert.deepEqual(listed(window, 'v1').slice(-rung.length), rung)
    assert.doesNotMatch(text(window, 'a2'), /BANDSTAND/)
  })
}

test('what is left of a delta update says the same', () => {
  const window = live({ gop: 250 })
  const [whole, delta] = [text(window, 'v1'), text(window, 'v1', { skip: true })]
  const marked = (playlist: string) =>
    playlist.match(/(?<=NEXT-INDEPENDENT:NO\n(?:#BANDSTAND.*\n)?#EXTINF.*\n)s.*/g) ?? []
  assert.match(delta, /EXT-X-SKIP/)
  assert.ok(marked(delta).length > 0)
  assert.deepEqual(marked(whole).slice(-marked(delta).length), marked(delta))
})

for (const [how, gop] of [
  ['2 s', 60],
  ['4 s', 120],
] as const) {
  test(`nothing is said of key frames ${how} apart`, () => {
    const window = live({ gop })
    for (const name of ['v1', 'v11']) assert.doesNotMatch(text(window, name), /BANDSTAND/)
  })
}

test('a long picture that ends a segment early is no key frame', () => {
  // That at 3.8 s is shown for 0.9 s.
  const window = live({ gop: 250, seconds: 10, audioRate: 0 }, (time) => (time > 3.81 ? time + 0.9 : time))
  const [first = ''] = listed(window, 'v1')
  assert.match(first, /^3.*!$/)
  assert.equal(listed(window, 'v11')[0], first)
})
