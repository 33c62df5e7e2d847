import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEER_LIMITS } from '../limits.ts'
import { createExtensionBlocks } from './extensions.ts'
import { type Got, PICTURE_MS, pictures, readGot, stageStream, VIDEO } from './fixtures.ts'
import { createPictureSender, type PictureSender } from './pictures.ts'
import { createRtpSender } from './sender.ts'

const FIRST = 65_530

function stage() {
  const source = stageStream()
  const got: Got[] = []
  let bytes = 0
  const rtp = createRtpSender(
    { ssrc: 7, media: VIDEO, timestampOffset: 0, firstSequence: FIRST },
    createExtensionBlocks(),
    (packet) => {
      got.push(readGot(packet))
      bytes += packet.byteLength
    },
  )
  const sender = createPictureSender(rtp)
  const { video } = source.stream
  return {
    got,
    sender,
    video,
    bytes: () => bytes,
    /** One picture, a key frame or not, which may come at another time than its own. */
    one(n: number, key: boolean, now = n * PICTURE_MS, size?: number) {
      sender.added(video, source.picture(n, key, now, size), key, now)
    },
    /** Pictures `from` to `to` come, keys are those divisible by `gop`. */
    come(from: number, to: number, gop = 10, on = source) {
      for (let n = from; n <= to; n++) {
        const key = n % gop === 0
        sender.added(on.stream.video, on.picture(n, key), key, n * PICTURE_MS)
      }
    },
    /** Lets the pacer send all that is missing. */
    catchUp(now: number) {
      for (let at = now; sender.isBehind; at += PEER_LIMITS.stepMs) sender.step(at)
    },
    shown: () => got.map(({ picture }) => picture),
  }
}

function assertGapless(got: readonly Got[]): void {
  got.forEach(({ sequence }, i) => assert.equal(sequence, (FIRST + i) & 0xffff))
}

function assertRising(got: readonly Got[]): void {
  got.forEach(({ timestamp, picture }, i) => {
    const before = got[i - 1]
    if (before !== undefined && before.picture !== picture) assert.ok(timestamp > before.timestamp, `packet ${i}`)
  })
}

test('a viewer begins with the newest key frame and gets all that has come since, then what comes', () => {
  const { sender, video, come, catchUp, got, shown } = stage()
  come(0, 13)
  sender.attach(video, 13 * PICTURE_MS)
  assert.deepEqual(shown(), [])
  catchUp(13 * PICTURE_MS)
  come(14, 15)
  assert.deepEqual(shown(), pictures(10, 11, 12, 13, 14, 15))
  assertGapless(got)
})

test('what was missed is drawn together in time, and the live edge has its own times', () => {
  const { sender, video, come, catchUp, got } = stage()
  come(0, 13)
  sender.attach(video, 0)
  catchUp(0)
  come(14, 14)
  const times = new Map(got.map(({ picture, timestamp }) => [picture, timestamp]))
  const edge = 13 * PICTURE_MS * 90
  const { hurriedTicks } = PEER_LIMITS
  assert.deepEqual(
    [...times.values()],
    [edge - 3 * hurriedTicks, edge - 2 * hurriedTicks, edge - hurriedTicks, edge, edge + PICTURE_MS * 90],
  )
})

test('catching up is paced', () => {
  const { sender, video, come, got } = stage()
  come(0, 249, 1000)
  sender.attach(video, 10_000)
  sender.step(10_000)
  // 5 ms at the least rate, and one packet that crosses the line.
  const most = (PEER_LIMITS.catchUpLeast / 8000) * PEER_LIMITS.stepMs
  assert.ok(got.length > 0 && got.length <= Math.ceil(most / 1000) + 1, `${got.length} packets at once`)
  assert.equal(sender.isBehind, true)
})

test('a key frame that comes while a viewer catches up is where it goes on', () => {
  const { sender, video, come, got, shown } = stage()
  come(0, 9)
  sender.attach(video, 9 * PICTURE_MS)
  sender.step(9 * PICTURE_MS)
  const before = got.length
  come(10, 11)
  assert.deepEqual(shown().slice(before), pictures(10, 11))
  assertGapless(got)
  assertRising(got)
})

test('without a kept group a viewer waits for the next key frame', () => {
  const { sender, video, come, shown } = stage()
  sender.attach(video, 0)
  come(1, 11)
  assert.deepEqual(shown(), pictures(10, 11))
})

test('packets that were lost are sent again as they were, also those with times of their own', () => {
  const { sender, video, come, catchUp, got } = stage()
  come(0, 12)
  sender.attach(video, 0)
  catchUp(0)
  come(13, 14)
  const [second, sixth, ninth] = [got[1], got[5], got[8]]
  const sent = got.length
  assert.equal(
    sender.resend(
      [second, sixth, ninth].map((one) => one?.sequence ?? -1),
      600,
    ),
    3,
  )
  assert.deepEqual(got.slice(sent), [second, sixth, ninth])
})

test('a packet is not sent again at once, one never sent or long gone not at all', () => {
  const { sender, video, come, got } = stage()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 80, 1000)
  const lost = got[got.length - 3]?.sequence ?? 0
  const newest = got.at(-1)?.sequence ?? 0
  const now = 80 * PICTURE_MS
  assert.equal(sender.resend([lost], now), 1)
  assert.equal(sender.resend([lost], now + 1), 0)
  assert.equal(sender.resend([lost], now + PEER_LIMITS.resendGapMs), 1)
  assert.equal(sender.resend([newest + 1], now + 100), 0)
})

test('a packet that SRTP has forgotten is not sent again, however new it is', () => {
  const { sender, video, one, got, catchUp } = stage()
  // Some 1300 packets a second.
  one(0, true, 0, 60_000)
  sender.attach(video, 0)
  catchUp(0)
  for (let n = 1; n < 30; n++) one(n, false, n * PICTURE_MS, 60_000)
  const now = 29 * PICTURE_MS
  const lost = (back: number) => got.at(-1 - back)?.sequence ?? assert.fail('so many were not sent')
  assert.equal(sender.resend([lost(PEER_LIMITS.resendWindow)], now), 0)
  assert.equal(sender.resend([lost(PEER_LIMITS.resendWindow - 1)], now), 1)
})

test('resends are bounded in rate', () => {
  const { sender, video, come, got } = stage()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 49, 1000)
  const now = 49 * PICTURE_MS
  const all = got.map(({ sequence }) => sequence)
  let count = 0
  for (let round = 0; round < 40; round++) count += sender.resend(all, now + round * PEER_LIMITS.resendGapMs)
  const elapsed = 39 * PEER_LIMITS.resendGapMs + now
  const most = PEER_LIMITS.resendBurst + (PEER_LIMITS.resendRate / 8000) * elapsed
  assert.ok(count * 1000 <= most + 1300, `${count} resends`)
  assert.ok(count > all.length)
})

test('a lost decoder gets the newest group again, in times that go on', () => {
  const { sender, video, come, catchUp, got, shown } = stage()
  come(0, 10)
  sender.attach(video, 10 * PICTURE_MS)
  sender.step(10 * PICTURE_MS)
  come(11, 12)
  const before = got.length
  sender.restart(12 * PICTURE_MS)
  catchUp(12 * PICTURE_MS)
  come(13, 13)
  assert.deepEqual(shown().slice(before), pictures(10, 11, 12, 13))
  assertGapless(got)
  assertRising(got)
  // Asked again at once: nothing.
  const sent = got.length
  sender.restart(13 * PICTURE_MS)
  assert.equal(sender.isBehind, false)
  assert.equal(got.length, sent)
})

test('where the next key frame is nearer than the group could be made up, it is waited for', () => {
  const { sender, video, come, catchUp, got, shown } = stage()
  come(0, 10)
  sender.attach(video, 10 * PICTURE_MS)
  catchUp(10 * PICTURE_MS)
  come(11, 19)
  const before = got.length
  sender.restart(19 * PICTURE_MS)
  assert.equal(sender.isBehind, false)
  come(20, 21)
  assert.deepEqual(shown().slice(before), pictures(20, 21))
})

test('a viewer goes over to another rendition at its next key frame, and lost packets of the old one are still found', () => {
  const { sender, video, come, got, shown } = stage()
  const other = stageStream()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 3, 10)
  come(100, 103, 50, other)
  const before = got.length
  sender.attach(other.stream.video, 150)
  come(4, 4, 10)
  come(104, 104, 50, other)
  assert.deepEqual(shown().slice(before), pictures(4))
  come(150, 151, 50, other)
  come(5, 5, 10)
  assert.deepEqual(shown().slice(before), pictures(4, 150, 151))
  assertGapless(got)
  const old = got[3] as Got
  sender.resend([old.sequence], 151 * PICTURE_MS)
  assert.deepEqual(got.at(-1), old)
})

test('where a change is urgent nothing more of the old rendition is sent, neither new nor again', () => {
  const { sender, video, come, got, shown } = stage()
  const other = stageStream()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 3, 10)
  come(100, 103, 50, other)
  const before = got.length
  sender.attach(other.stream.video, 150, true)
  come(4, 4, 10)
  come(104, 104, 50, other)
  come(10, 10, 10)
  assert.deepEqual(shown().slice(before), [])
  come(150, 151, 50, other)
  assert.deepEqual(shown().slice(before), pictures(150, 151))
  assertGapless(got)
  assert.equal(sender.resend([got[3]?.sequence ?? 0], 151 * PICTURE_MS), 0)
  assert.equal(sender.resend([got.at(-1)?.sequence ?? 0], 151 * PICTURE_MS), 1)
})

test('where nothing comes any more of what a viewer has, it does not wait for the other one’s next key frame', () => {
  const { sender, video, come, catchUp, got, shown } = stage()
  const other = stageStream()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 3, 10)
  come(4, 27, 5, other)
  const before = got.length
  const now = 3 * PICTURE_MS + PEER_LIMITS.stillMs
  sender.attach(other.stream.video, now)
  catchUp(now)
  come(28, 28, 5, other)
  assert.deepEqual(shown().slice(before), pictures(25, 26, 27, 28))
  assertGapless(got)
  assertRising(got)
})

test('what was missed and what was lost is sent within what the receiver says that it can take', () => {
  const { sender, video, come, catchUp, got } = stage()
  come(0, 249, 100)
  sender.estimated(600_000)
  sender.attach(video, 10_000)
  sender.step(10_000)
  // 5 ms of it is less than a packet.
  assert.equal(got.length, 1)
  catchUp(10_000)
  const all = got.map(({ sequence }) => sequence)
  const burst = (600_000 / 8000) * PEER_LIMITS.resendBurstMs
  const count = sender.resend(all, 20_000)
  assert.ok(count * 1000 <= burst + 1300 && count > 10, `${count} resends`)
})

/** Time goes on to `until`, in the pacer's steps. */
function pass(sender: PictureSender, from: number, until: number, each: (at: number) => void = () => {}): void {
  for (let at = from; at < until; at += PEER_LIMITS.stepMs) {
    each(at)
    if (sender.isBehind) sender.step(at)
  }
}

test('after a scene cut nobody waits for a key frame that the distance before it promised', () => {
  const { sender, video, one, shown, catchUp } = stage()
  one(0, true)
  sender.attach(video, 0)
  catchUp(0)
  // Key frames at 0 and 0.4 s, and a long group.
  for (let n = 1; n < 100; n++) one(n, n === 10)
  assert.equal(video.keyDistance, 10 * PICTURE_MS)
  sender.restart(100 * PICTURE_MS)
  assert.equal(sender.isBehind, true)
  catchUp(100 * PICTURE_MS)
  one(100, false)
  assert.deepEqual(shown().slice(-2), pictures(100))
})

test('who waits for a key frame that does not come is given the group', () => {
  const { sender, video, one, got, shown, catchUp } = stage()
  one(0, true)
  sender.attach(video, 0)
  catchUp(0)
  for (let n = 1; n < 20; n++) one(n, n === 10)
  const before = got.length
  sender.restart(19 * PICTURE_MS)
  assert.equal(sender.isBehind, false)
  one(20, false)
  assert.equal(sender.isBehind, true)
  catchUp(20 * PICTURE_MS)
  assert.deepEqual(shown().slice(before, before + 4), pictures(10, 11))
  assert.deepEqual(shown().slice(-2), pictures(20))
})

test('the first viewer of a fast stream is at the live edge within its first group', () => {
  const { sender, video, one } = stage()
  // 8 Mbit/s.
  for (let n = 0; n < 50; n++) one(n, n === 0, 2_000, 40_000)
  sender.attach(video, 2_000)
  let n = 50
  pass(sender, 2_000, 4_000, (at) => {
    if (at % PICTURE_MS === 0) one(n++, false, at, 40_000)
  })
  assert.equal(sender.isBehind, false)
})

test('a viewer that asks for key frames all the time gets less than twice the stream', () => {
  const { sender, video, one, bytes } = stage()
  const until = 60_000
  pass(sender, 0, until, (at) => {
    // 2.5 Mbit/s in groups of ten seconds.
    const n = at / PICTURE_MS
    if (Number.isInteger(n)) one(n, n % 250 === 0, at, 12_500)
    if (at === 0) sender.attach(video, 0)
    if (at > 0 && at % 500 === 0) sender.restart(at)
  })
  const rate = (bytes() * 8000) / until
  // And more than the stream: repairs are sent.
  assert.ok(rate < 2 * 2.6e6 && rate > 1.2 * 2.6e6, `${rate} bit/s`)
})

test('pictures are sent again no faster than the receiver takes', () => {
  const { sender, video, one, bytes, catchUp } = stage()
  const size = 12_500
  one(0, true, 0, size)
  sender.attach(video, 0)
  catchUp(0)
  for (let n = 1; n < 100; n++) one(n, false, n * PICTURE_MS, size)
  const now = 99 * PICTURE_MS
  const before = bytes()
  sender.estimated(5_000_000)
  sender.restart(now)
  pass(sender, now, now + 500)
  const rate = ((bytes() - before) * 8) / 0.5
  assert.ok(rate > 4_500_000 && rate < 5_800_000, `${rate} bit/s`)
})

test('resends that the budget does not allow are counted', () => {
  const { sender, video, come, got } = stage()
  come(0, 0)
  sender.attach(video, 0)
  sender.step(0)
  come(1, 49, 1000)
  assert.equal(sender.refused, 0)
  const all = got.map(({ sequence }) => sequence)
  for (let round = 0; round < 10; round++) sender.resend(all, 49 * PICTURE_MS + round * PEER_LIMITS.resendGapMs)
  assert.ok(sender.refused > 0)
})
