import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { createRefusalLog } from '../../remote/refusals.ts'
import { FakeLog, FakePublisher } from '../rtmp/testing/fake-port.ts'
import { createIntake } from './intake.ts'
import { resolvePath } from './name.ts'
import { createSession } from './session.ts'
import { mediaPlaylist, pictureInit, pictureSegment, transportSegment } from './testing/media.ts'

const LIST = 'out.m3u8'

/** A source of one-second segments that come one after the other. */
function stage(t: TestContext, segment: (index: number) => Uint8Array, map: boolean) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  let count = 0
  const intake = createIntake({ resolve: resolvePath, root: LIST, begin: 'listed', isOrdered: true, maxBitrate: 1e9 })
  const log = new FakeLog()
  const ends: string[] = []
  const refusals = createRefusalLog(log)
  t.after(() => refusals.close())
  const session = createSession({
    ...{ intake, log, refusals, fields: () => ({ channel: 'main' }), now: () => now },
    onEnd: (how) => ends.push(how),
  })
  return {
    session,
    ends,
    come() {
      const text = mediaPlaylist(Math.max(0, count - 5), count + 1)
      intake.playlist(LIST, map ? text : text.replace('#EXT-X-MAP:URI="init.mp4"\n', ''), now)
      for (const want of intake.wants(now, session.held)) {
        const bytes = want.isMap ? pictureInit : segment(count)
        intake.file(want, { bytes, isWhole: true }, now)
        if (want.isMap) {
          for (const media of intake.wants(now, session.held)) {
            intake.file(media, { bytes: segment(count), isWhole: true }, now)
          }
        }
      }
      count++
      session.touch()
      session.advance()
    },
    /** The clock runs, and nothing of the process does. */
    stand(ms: number) {
      now += ms
    },
    pass(ms: number) {
      for (let i = 0; i < ms; i += 20) {
        now += 20
        t.mock.timers.tick(20)
      }
    },
  }
}

for (const [name, segment, map] of [
  ['MPEG-TS', transportSegment, false],
  ['fragmented MP4', pictureSegment, true],
] as const) {
  test(`what is let in after it was refused is published, of ${name}`, (t) => {
    const { session, come, pass } = stage(t, segment, map)
    for (let i = 0; i < 3; i++) {
      come()
      session.stopped()
      pass(1_000)
    }
    come()
    const publisher = new FakePublisher()
    session.publishTo(publisher)
    pass(1_000)
    come()
    pass(3_000)
    assert.ok(publisher.of(VIDEO_TRACK).length > 30, `${publisher.of(VIDEO_TRACK).length} pictures`)
    assert.equal(publisher.of(VIDEO_TRACK)[0]?.key, true)
    assert.ok(map || publisher.of(AUDIO_TRACK).length > 0)
    session.close()
  })
}

test('a source that was taken over from is published again', (t) => {
  const { session, come, pass } = stage(t, transportSegment, false)
  come()
  session.stopped()
  const [first, second] = [new FakePublisher(), new FakePublisher()]
  for (const publisher of [first, second]) {
    come()
    session.publishTo(publisher)
    pass(2_000)
    session.stopped()
    assert.ok(publisher.of(VIDEO_TRACK).length > 0)
    assert.equal(publisher.configs.filter(({ track }) => track === VIDEO_TRACK).length, 1)
  }
})

test('an encoder that was silent while the process stood is heard first, and one that stays silent is gone', (t) => {
  const { session, come, pass, stand, ends } = stage(t, transportSegment, false)
  come()
  session.publishTo(new FakePublisher())
  pass(5_000)
  stand(60_000)
  pass(10_000)
  assert.deepEqual(ends, [])
  pass(10_000)
  assert.deepEqual(ends, ['disconnected'])
})
