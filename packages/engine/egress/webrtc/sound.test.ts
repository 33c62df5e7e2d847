import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfigFromOpusChannels } from '@bandstand/media/codecs/opus/config.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { audioConfig, videoConfig } from '../../packager/fixtures/encoder.ts'
import type { Log } from '../../ports.ts'
import { createHub } from '../../stream/hub.ts'
import { HUB_LIMITS } from '../../stream/limits.ts'
import { OPUS_LIMITS } from './limits.ts'
import type { OpusOptions } from './opus/opus.ts'
import { createSound } from './sound.ts'

/** What would be an ffmpeg. */
interface Started {
  readonly options: OpusOptions
  /** First bytes of the frames that it was given. */
  readonly written: number[]
  isRunning: boolean
}

function stage(options: { readonly ffmpeg?: undefined } = {}) {
  const hub = createHub({ keep: true, onFault: (_, error) => assert.fail(String(error)) })
  const started: Started[] = []
  const sent: string[] = []
  const warned: unknown[] = []
  const at = { now: 0 }
  const ffmpeg = 'ffmpeg' in options ? undefined : 'ffmpeg'
  const log: Log = { debug() {}, info() {}, warn: (facts) => void warned.push(facts), error() {} }
  const sound = createSound(
    {
      ...{ channel: 'main', source: hub, ffmpeg, log, now: () => at.now },
      send: (stream, packet, time) => void sent.push(`${packet[0]} at ${time} in ${stream}`),
    },
    (given) => {
      const run: Started = { options: given, written: [], isRunning: true }
      started.push(run)
      return {
        write: ({ data }) => void (run.isRunning ? run.written.push(data[0] ?? 0) : assert.fail('it has ended')),
        close: () => void (run.isRunning = false),
      }
    },
  )
  const begin = (config: AudioTrackConfig | 'silent' = audioConfig()) => {
    hub.publish({
      ...{ kind: 'epoch-opened', id: 0, start: 0, wallClock: 0, reason: 'encoder' },
      tracks: [
        { track: VIDEO_TRACK, config: videoConfig(), frameDuration: 1 / 30 },
        ...(config === 'silent' ? [] : [{ track: AUDIO_TRACK, config, frameDuration: 1024 / 48_000 }]),
      ],
    })
    // Whoever reads begins with a key frame.
    unit(VIDEO_TRACK, 0)
  }
  const unit = (track: number, id: number) => {
    const data = Uint8Array.of(id)
    hub.publish({ kind: 'unit', unit: { track, dts: id, pts: id, key: true, data, arrivedAt: 0 } })
  }
  return {
    ...{ hub, sound, started, sent, warned, at, begin },
    picture: (id: number) => unit(VIDEO_TRACK, id),
    /** Of sound. */
    frame: (id: number) => unit(AUDIO_TRACK, id),
    running: () => started.filter(({ isRunning }) => isRunning).length,
  }
}

test('one ffmpeg makes the sound of all who hear it, from when the first came until the last has left', () => {
  const { hub, sound, started, sent, begin, picture, frame, running } = stage()
  begin()
  frame(2)
  assert.equal(started.length, 0)
  sound.join(7)
  sound.join(8)
  frame(3)
  picture(4)
  frame(5)
  assert.deepEqual([started.length, running(), started[0]?.written], [1, 1, [3, 5]])
  started[0]?.options.onPacket(Uint8Array.of(9), 960)
  assert.deepEqual(sent, ['9 at 960 in 7', '9 at 960 in 8'])
  sound.leave(7)
  frame(6)
  assert.deepEqual([running(), started[0]?.written], [1, [3, 5, 6]])
  started[0]?.options.onPacket(Uint8Array.of(10), 1920)
  assert.deepEqual(sent.slice(2), ['10 at 1920 in 8'])
  sound.leave(8)
  assert.deepEqual([running(), hub.readers], [0, 0])
  frame(7)
  assert.equal(started.length, 1)
  sound.join(7)
  frame(8)
  assert.deepEqual([started.length, running(), started[1]?.written], [2, 1, [8]])
})

test('each encoder has an ffmpeg of its own, and one without sound has none', () => {
  const { sound, started, begin, frame, hub, running } = stage()
  begin()
  sound.join(7)
  frame(1)
  hub.publish({ kind: 'epoch-closed', id: 0, end: 1 })
  assert.equal(running(), 0)
  begin(audioConfig(44_100))
  assert.equal(started.length, 1)
  frame(2)
  assert.deepEqual(
    started.map(({ options }) => options.config.sampleRate),
    [48_000, 44_100],
  )
  assert.equal(running(), 1)
  hub.publish({ kind: 'epoch-closed', id: 1, end: 2 })
  begin('silent')
  frame(3)
  assert.deepEqual([started.length, running()], [2, 0])
})

test('sound that failed is left alone for a while, whoever comes and goes, and tried anew for another encoder at once', () => {
  const { sound, started, begin, frame, at, warned, running } = stage()
  begin()
  sound.join(7)
  frame(1)
  started[0]?.options.onFailed('no codec')
  assert.deepEqual([running(), sound.missing, warned], [0, 'no codec', [{ channel: 'main', reason: 'no codec' }]])
  sound.join(8)
  sound.leave(8)
  at.now += OPUS_LIMITS.givenUpMs - 1
  frame(2)
  assert.equal(started.length, 1)
  at.now += 1
  assert.equal(sound.missing, undefined)
  frame(3)
  assert.deepEqual([started.length, running()], [2, 1])
  started[1]?.options.onFailed('no codec')
  begin()
  frame(4)
  assert.deepEqual([started.length, running(), sound.missing], [3, 1, undefined])
})

test('without ffmpeg there is none, and why is said', () => {
  const { sound, started, begin, frame } = stage({ ffmpeg: undefined })
  begin()
  sound.join(7)
  frame(1)
  assert.equal(started.length, 0)
  assert.match(sound.missing ?? '', /^ffmpeg was not found/)
})

test('with the broadcast it ends, for good', async () => {
  const { hub, sound, begin, frame, running } = stage()
  begin()
  sound.join(7)
  frame(1)
  assert.equal(running(), 1)
  hub.end()
  await new Promise((done) => setImmediate(done))
  assert.equal(running(), 0)
  sound.leave(7)
  sound.join(7)
  assert.equal(running(), 0)
})

test('where too many read the broadcast there is no sound, and why is said', () => {
  const { hub, sound, begin, frame, started } = stage()
  begin()
  const other = {
    name: 'other',
    from: 'newest-key',
    maxBytes: 1,
    maxDuration: 1,
    isUrgent: () => false,
    onReady() {},
  } as const
  for (let n = 0; n < HUB_LIMITS.readers; n++) hub.read(other)
  sound.join(7)
  frame(1)
  assert.deepEqual([started.length, sound.missing], [0, 'too many read this stream'])
})

test('Opus is sent as it is, without ffmpeg', () => {
  const { sound, started, sent, begin, picture, ...own } = stage({ ffmpeg: undefined })
  begin(audioConfigFromOpusChannels(2))
  assert.equal(sound.missing, undefined)
  sound.join(7)
  picture(1)
  own.hub.publish({
    kind: 'unit',
    unit: { track: AUDIO_TRACK, dts: 960, pts: 960, key: true, data: Uint8Array.of(0xfc), arrivedAt: 0 },
  })
  assert.deepEqual(sent, ['252 at 960 in 7'])
  assert.equal(started.length, 0)
})

test('Opus of more than two channels is made into what browsers take', () => {
  const { sound, begin } = stage({ ffmpeg: undefined })
  begin(audioConfigFromOpusChannels(6))
  assert.match(sound.missing ?? '', /ffmpeg was not found/)
})
