import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { encode, type Sent, seeded } from '../fixtures/encoder.ts'
import { createStudio, type Studio } from '../fixtures/studio.ts'
import { everything, watchedWindow } from '../fixtures/watched.ts'
import type { LiveWindow } from './window.ts'

/** What an encoder of this seed sends, sound later than pictures, now and then with a hole in one of them. */
function sentBy(random: () => number, seconds: number): Sent[] {
  const distance = [30, 45, 60, 90, 120, 250][Math.floor(random() * 6)] ?? 60
  const others = new Set(random() < 0.3 ? [Math.floor(random() * 900), Math.floor(random() * 900)] : [])
  const late = random() * 0.6
  const [stall, until] = random() < 0.3 ? [5, 5 + random() * 6] : [0, 0]
  const stalled = random() < 0.5 ? AUDIO_TRACK : VIDEO_TRACK
  const gop = (picture: number) => picture % distance === 0 || others.has(picture)
  return [...encode({ seconds, gop, fps: random() < 0.7 ? 30 : 25 })]
    .filter(({ unit, at }) => unit.track !== stalled || at <= stall || at >= until)
    .map(({ unit, at }) => ({ unit, at: unit.track === AUDIO_TRACK ? at + late : at }))
    .toSorted((a, b) => a.at - b.at)
}

/** Names of all segments that a manifest lists, with their rendition; asserts that none begins before the last ends. */
function namesIn(period: string): string[] {
  return period.split('<AdaptationSet ').flatMap((set) => {
    const rendition = /<Representation id="(\w+)"/.exec(set)?.[1]
    const name = /media="[^"]*\/(t\d+-)\$Time\$/.exec(set)?.[1]
    const found: string[] = []
    let time = 0
    for (const [, start, duration, repeat] of set.matchAll(/<S(?: t="(\d+)")? d="(\d+)"(?: r="(\d+)")?\/>/g)) {
      assert.ok(start === undefined || Number(start) >= time, set)
      if (start !== undefined) time = Number(start)
      for (let i = 0; i <= Number(repeat ?? 0); i++, time += Number(duration))
        found.push(`${rendition}/${name}${time}.m4s`)
    }
    return found
  })
}

for (let seed = 1; seed <= 12; seed++) {
  test(`whatever encoders do: periods stay, later versions say so, what is listed is there and never other bytes (${seed})`, () => {
    const random = seeded(seed)
    let window: LiveWindow | undefined
    const older = { ...everything, available: () => seed % 2 === 0 }
    const studio: Studio = createStudio({ sinks: (timing) => [(window = watchedWindow({ timing, older }))] })
    const whole = new Map<string, string>()
    let shown = ''
    let published = ''
    let newest = -1

    function look(): void {
      const mpd = window?.manifest()?.plain.toString()
      if (mpd === undefined || mpd === shown) return
      shown = mpd
      const stamp = /publishTime="([^"]+)"/.exec(mpd)?.[1] ?? ''
      assert.ok(stamp > published, `${stamp} after ${published}`)
      published = stamp
      const periods = [
        ...mpd.matchAll(/<Period id="(\d+)" start="PT([\d.]+)S"(?: duration="PT([\d.]+)S")?>[^]*?<\/Period>/g),
      ]
      const last = Number(periods.at(-1)?.[1])
      assert.ok(last >= newest, `period ${newest} is taken back`)
      newest = last
      let end = 0
      for (const [text, , start, duration] of periods) {
        assert.ok(Number(start) >= end - 0.001, `a period begins at ${start}, before ${end}`)
        end = Number(start) + Number(duration ?? 0)
        for (const path of namesIn(text)) {
          const [rendition = '', name = ''] = path.split('/')
          const answer = window?.rendition(rendition)?.media(name)
          if (answer?.kind === 'growing') assert.equal(answer.media.from(0).kind, 'parts', path)
          else if (seed % 2 === 1) assert.equal(answer?.kind, 'now', path)
          if (answer?.kind !== 'now') continue
          const bytes = Buffer.concat(answer.chunks).toString('base64')
          assert.equal(whole.get(path) ?? bytes, bytes, path)
          whole.set(path, bytes)
        }
      }
    }

    for (let encoder = 0; encoder < 4; encoder++) {
      studio.connect()
      const begun = studio.now
      const seconds = 3 + random() * 30
      const sent = sentBy(random, seconds)
      for (let at = 0; at < seconds + 0.6; at += 0.1) {
        studio.now = begun
        studio.send(sent.filter((unit) => unit.at >= at && unit.at < at + 0.1))
        studio.now = begun + (at + 0.1) * 1000
        look()
      }
      studio.stop()
      look()
      studio.now += random() * 3_000
    }
    assert.ok(newest >= 3, `${newest}`)
    assert.ok(whole.size > 10, `${whole.size} files`)
  })
}
