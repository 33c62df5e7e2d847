import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessUnit, AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import type { Log, Publisher, PublishRefusal } from '../ports.ts'
import { createCandidates } from './candidates.ts'
import { mergeFacts } from './diagnosis.ts'
import { pictureConfig, soundConfig } from './fixtures/configs.ts'
import { STREAM_LIMITS } from './limits.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

function picture(key: boolean, bytes = 1): AccessUnit {
  return { track: VIDEO_TRACK, dts: 0, pts: 0, key, data: new Uint8Array(bytes) }
}
const sound: AccessUnit = { track: AUDIO_TRACK, dts: 0, pts: 0, key: true, data: new Uint8Array(1) }

/** A channel that is given away as `refusal` says, and what its new encoder was heard to send. */
function stage() {
  let now = 1_000_000
  const heard: string[] = []
  const taken: string[] = []
  const answer: { refusal?: PublishRefusal } = {}
  const name = (track: number) => (track === VIDEO_TRACK ? 'v' : 'a')
  const candidates = createCandidates({
    channel: () => 'main',
    log: silent,
    now: () => now,
    grant({ request }) {
      if (answer.refusal !== undefined) return { refusal: answer.refusal }
      taken.push(request.remote)
      const publisher: Publisher = {
        channel: 'main',
        isUrgent: true,
        announce: ({ video, audio }) => void heard.push(`announce ${video} ${audio}`),
        configure: (track) => void heard.push(`configure ${name(track)}`),
        unit: (unit) => void heard.push(`${name(unit.track)}${unit.key ? '!' : ''}`),
        describe: (facts) => void heard.push(JSON.stringify(facts)),
        end: (how) => void heard.push(how),
      }
      return { publisher }
    },
  })
  const admit = (remote = '10.0.0.2') => {
    const stopped: PublishRefusal[] = []
    const request = { protocol: 'rtmp', remote, key: 'k' } as const
    const rights: { objection?: PublishRefusal } = {}
    const admission = { channel: { id: 'ch_1', slug: 'main' }, objection: () => rights.objection }
    const publisher = candidates.admit({
      ...{ request, admission },
      connectedAt: now,
      foundLost: undefined,
      stop: (why) => stopped.push(why),
    })
    return { publisher, stopped, rights }
  }
  const pass = (ms: number) => {
    now += ms
    candidates.tick()
  }
  return { candidates, admit, pass, heard, taken, answer }
}

test('an encoder takes over with its first key frame, and all of it from there on is heard in order', () => {
  const { candidates, admit, heard, taken } = stage()
  const { publisher } = admit()
  publisher.announce({ video: true, audio: true })
  publisher.describe({ framerate: 30 })
  publisher.configure(VIDEO_TRACK, pictureConfig)
  publisher.configure(AUDIO_TRACK, soundConfig)
  publisher.unit(sound)
  publisher.unit(picture(false))
  assert.deepEqual(taken, [])
  publisher.unit(picture(true))
  publisher.unit(picture(false))
  publisher.end('unpublished')
  assert.deepEqual(taken, ['10.0.0.2'])
  assert.deepEqual(heard, [
    'announce true true',
    '{"framerate":30}',
    'configure v',
    'configure a',
    'a!',
    'v!',
    'v',
    'unpublished',
  ])
  assert.equal(candidates.size, 0)
})

test('sound that can be shown does not take over for pictures that cannot', () => {
  const { candidates, admit, pass, taken } = stage()
  const { publisher, stopped } = admit()
  publisher.announce({ video: true, audio: true })
  publisher.configure(AUDIO_TRACK, soundConfig)
  for (let ms = 0; ms < STREAM_LIMITS.candidateMs; ms += 100) {
    for (let i = 0; i < 5; i++) publisher.unit(sound)
    pass(100)
  }
  assert.deepEqual([taken, candidates.size], [[], 0])
  assert.deepEqual(
    stopped.map(({ code }) => code),
    ['unavailable'],
  )
})

test('sound without a word of pictures takes over after the wait for them', () => {
  const { admit, pass, taken } = stage()
  const { publisher } = admit()
  publisher.configure(AUDIO_TRACK, soundConfig)
  publisher.unit(sound)
  pass(STREAM_LIMITS.candidateTracksMs - 1)
  assert.equal(taken.length, 0)
  pass(1)
  assert.equal(taken.length, 1)
})

test('a track that was announced and does not come is waited for a second', () => {
  for (const announced of [{ video: true, audio: true }, undefined]) {
    const { admit, pass, heard, taken } = stage()
    const { publisher } = admit()
    if (announced !== undefined) publisher.announce(announced)
    publisher.configure(VIDEO_TRACK, pictureConfig)
    publisher.unit(picture(true))
    pass(STREAM_LIMITS.candidateTracksMs - 1)
    assert.deepEqual(taken, [])
    pass(1)
    assert.equal(taken.length, 1)
    assert.equal(heard.at(-1), 'v!')
  }
})

test('sound alone takes over at once where nothing else was announced', () => {
  const { admit, taken } = stage()
  const { publisher } = admit()
  publisher.announce({ video: false, audio: true })
  publisher.configure(AUDIO_TRACK, soundConfig)
  publisher.unit(sound)
  assert.equal(taken.length, 1)
})

test('what is kept of an encoder that waits is bounded in units and in bytes', () => {
  const { admit, heard, taken } = stage()
  const many = admit().publisher
  many.announce({ video: true, audio: true })
  many.configure(VIDEO_TRACK, pictureConfig)
  many.configure(AUDIO_TRACK, soundConfig)
  for (let i = 0; i < 10 * STREAM_LIMITS.candidateUnits; i++) many.unit(sound)
  assert.deepEqual(taken, [])
  many.unit(picture(true))
  assert.ok(heard.length < STREAM_LIMITS.candidateUnits + 10)
  const large = admit('10.0.0.3').publisher
  large.announce({ video: true, audio: true })
  large.configure(VIDEO_TRACK, pictureConfig)
  large.unit(picture(true, STREAM_LIMITS.candidateBytes))
  assert.equal(taken.length, 2)
})

test('pictures of a configuration that has changed meanwhile are not shown with the new one', () => {
  const { admit, heard } = stage()
  const { publisher } = admit()
  publisher.configure(VIDEO_TRACK, pictureConfig)
  publisher.unit(picture(true))
  publisher.configure(VIDEO_TRACK, { ...pictureConfig, width: 128 })
  publisher.configure(AUDIO_TRACK, soundConfig)
  publisher.unit(picture(true))
  assert.deepEqual(heard.slice(1), ['configure v', 'configure a', 'v!'])
})

test('whoever shows nothing in its time is told so, as is the oldest of too many', () => {
  const { candidates, admit, pass } = stage()
  const all = Array.from({ length: STREAM_LIMITS.candidates + 1 }, (_, i) => admit(`10.0.0.${i + 2}`))
  assert.deepEqual(
    all.map(({ stopped }) => stopped[0]?.code),
    ['limit', ...Array.from({ length: STREAM_LIMITS.candidates }, () => undefined)],
  )
  pass(STREAM_LIMITS.candidateMs)
  assert.ok(all.slice(1).every(({ stopped }) => stopped.length === 1 && stopped[0]?.code === 'unavailable'))
  assert.equal(candidates.size, 0)
})

test('a channel that is not to be had at that moment refuses then, and nothing more of the encoder counts', () => {
  const { admit, answer, heard } = stage()
  const { publisher, stopped } = admit()
  answer.refusal = { code: 'in-use', reason: 'live again' }
  publisher.announce({ video: true, audio: false })
  publisher.configure(VIDEO_TRACK, pictureConfig)
  publisher.unit(picture(true))
  publisher.unit(picture(true))
  publisher.end('disconnected')
  assert.deepEqual(stopped, [answer.refusal])
  assert.deepEqual(heard, [])
})

test('an encoder that makes up more and more facts is believed so many', () => {
  let facts = {}
  for (let i = 0; i < 1000; i++) facts = mergeFacts(facts, { [`fact${i}`]: i, fact0: i })
  assert.equal(Object.keys(facts).length, STREAM_LIMITS.facts)
  assert.deepEqual(Object.entries(facts)[0], ['fact0', 999])
})

test('one whose key no longer counts is turned away when that is looked at, and takes over no more', () => {
  const { candidates, admit, taken } = stage()
  const [waiting, late, valid] = [admit('10.0.0.2'), admit('10.0.0.3'), admit('10.0.0.4')]
  waiting.rights.objection = { code: 'stopped', reason: 'revoked' }
  candidates.review()
  assert.deepEqual([waiting.stopped[0]?.code, late.stopped, candidates.size], ['stopped', [], 2])
  late.rights.objection = { code: 'expired', reason: 'expired' }
  for (const { publisher } of [late, valid]) {
    publisher.announce({ video: true, audio: false })
    publisher.configure(VIDEO_TRACK, pictureConfig)
    publisher.unit(picture(true))
  }
  assert.equal(late.stopped[0]?.code, 'expired')
  assert.deepEqual(taken, ['10.0.0.4'])
})
