import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEER_LIMITS } from '../limits.ts'
import { createExtensionBlocks } from './extensions.ts'
import { type Got, PICTURE_MS, pictures, readGot, stageStream, VIDEO } from './fixtures.ts'
import { createPictureSender } from './pictures.ts'
import { createRtpSender } from './sender.ts'

const FIRST = 65_530

function stage() {
  const source = stageStream()
  const got: Got[] = []
  const rtp = createRtpSender(
    { ssrc: 7, media: VIDEO, timestampOffset: 0, firstSequence: FIRST },
    createExtensionBlocks(),
    (packet) => got.push(readGot(packet)),
  )
  const sender = createPictureSender(rtp)
  const { video } = source.stream
  return {
    got,
    sender,
    video,
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
