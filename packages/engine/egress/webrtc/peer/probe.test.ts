import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEER_LIMITS } from '../limits.ts'
import { createProbe, type Probe } from './probe.ts'

const BYTES = 1_000
const RATE = 1_600_000

interface Line {
  /** Bits a second beside what is sent anyway; what does not fit waits. */
  readonly width: number
  /** Bytes that wait at most; more is lost. */
  readonly queue?: number
  /** Milliseconds on top for the packet with this number. */
  readonly jitter?: (n: number) => number
  /** Packets that are lost whatever the line. */
  readonly isLost?: (n: number) => boolean
  /** Share that was lost before the probe. */
  readonly usualLoss?: number
  /** The first sequence number. */
  readonly first?: number
  /** Milliseconds in which nothing is sent. */
  readonly stall?: readonly [number, number]
}

/** Sends a probe over a line whose receiver tells of what came every 100 ms; gives the verdict and the bytes sent. */
function probeOver(line: Line) {
  const { width, queue = 1e9, jitter = () => 0, isLost = () => false, usualLoss = 0, first = 0, stall = [0, 0] } = line
  const probe: Probe = createProbe(RATE, 0, usualLoss)
  const arrivals = new Map<number, number>()
  let [next, freeAt, bytes] = [first, 0, 0]
  for (let now = 0; now < 3_000; now += PEER_LIMITS.stepMs) {
    const isStalled = now >= stall[0] && now < stall[1]
    for (let due = isStalled ? 0 : probe.due(now); due > 0; due -= BYTES) {
      const n = next++ - first
      bytes += BYTES
      probe.sent(first + n, BYTES, now)
      if (isLost(n) || ((freeAt - now) * width) / 8000 > queue) continue
      freeAt = Math.max(freeAt, now) + (BYTES * 8000) / width
      arrivals.set(n, freeAt + 20 + jitter(n))
    }
    if (now % 100 === 0) report(probe, arrivals, first, now)
    const verdict = probe.verdict(now)
    if (verdict !== 'under-way') return { verdict, bytes, now }
  }
  return assert.fail('there was no verdict')
}

/** What has come by now, as the receiver tells it: on its own clock, in quarters of a millisecond. */
function report(probe: Probe, arrivals: ReadonlyMap<number, number>, first: number, now: number): void {
  const come = [...arrivals].filter(([, at]) => at <= now)
  const last = Math.max(-1, ...come.map(([n]) => n))
  const clock = 1_000_000 * 64
  let before = clock
  const deltas = Array.from({ length: last + 1 }, (_, n) => {
    const at = arrivals.get(n)
    if (at === undefined || at > now) return undefined
    const delta = Math.round((clock + at - before) * 4)
    before += delta / 4
    return delta
  })
  const base = first & 0xffff
  probe.heard({ type: 'transport-feedback', sender: 9, media: 3, base, referenceTime: 1_000_000, count: 0, deltas })
}

test('a line that is wide enough carries a probe, which ends when all of it was heard of', () => {
  const { verdict, bytes, now } = probeOver({ width: 20e6 })
  assert.equal(verdict, 'carried')
  const planned = (RATE * PEER_LIMITS.probeMs) / 8000
  assert.ok(Math.abs(bytes - planned) <= 2 * BYTES, `${bytes} of ${planned}`)
  assert.ok(now <= PEER_LIMITS.probeMs + 200, `${now} ms`)
})

test('so it does where packets are held up now and then, or a few are lost', () => {
  assert.equal(probeOver({ width: 20e6, jitter: (n) => (n % 5 === 4 ? 25 : 0) }).verdict, 'carried')
  assert.equal(probeOver({ width: 20e6, isLost: (n) => n % 40 === 0 }).verdict, 'carried')
})

test('what is lost on a line whatever it carries says nothing of a probe', () => {
  const isLost = (n: number) => n % 10 === 0
  assert.equal(probeOver({ width: 20e6, isLost, usualLoss: 0.1 }).verdict, 'carried')
  assert.equal(probeOver({ width: 20e6, isLost, usualLoss: 0.02 }).verdict, 'too-much')
  assert.equal(probeOver({ width: RATE * 0.8, queue: 3 * BYTES, isLost, usualLoss: 0.1 }).verdict, 'too-much')
})

test('sequence numbers wrap', () => {
  assert.equal(probeOver({ width: 20e6, first: 65_500 }).verdict, 'carried')
  assert.equal(probeOver({ width: 1e6, first: 65_500 }).verdict, 'too-much')
})

test('the receiver’s clock wraps at 24 bits', () => {
  /** Each packet is told of alone; the clock wraps in the middle of the probe. */
  const verdictOver = (width: number) => {
    const probe = createProbe(RATE, 0, 0)
    const clock = 2 ** 23 * 64 - PEER_LIMITS.probeMs / 2
    let [n, freeAt] = [0, 0]
    for (let now = 0; now < PEER_LIMITS.probeMs; now += PEER_LIMITS.stepMs)
      for (let due = probe.due(now); due > 0; due -= BYTES) {
        probe.sent(n, BYTES, now)
        freeAt = Math.max(freeAt, now) + (BYTES * 8000) / width
        const units = Math.floor((clock + freeAt) / 64)
        const deltas = [(clock + freeAt - units * 64) * 4]
        const referenceTime = units < 2 ** 23 ? units : units - 2 ** 24
        probe.heard({ type: 'transport-feedback', sender: 9, media: 3, base: n++, referenceTime, count: 0, deltas })
      }
    return probe.verdict(PEER_LIMITS.probeMs)
  }
  assert.deepEqual([verdictOver(20e6), verdictOver(RATE * 0.85)], ['carried', 'too-much'])
})

test('a line that is too thin shows it: packets come later and later, or are lost', () => {
  assert.equal(probeOver({ width: RATE * 0.85 }).verdict, 'too-much')
  assert.equal(probeOver({ width: RATE * 0.85, queue: 3 * BYTES }).verdict, 'too-much')
})

test('a line that is far too thin ends the probe early', () => {
  const { verdict, bytes, now } = probeOver({ width: RATE * 0.25 })
  assert.equal(verdict, 'too-much')
  assert.ok(now < PEER_LIMITS.probeMs, `${now} ms`)
  assert.ok(bytes < (RATE * PEER_LIMITS.probeMs) / 8000 / 1.5, `${bytes} bytes`)
})

test('a receiver that says nothing, and a process that was held up, say nothing of the line', () => {
  assert.equal(probeOver({ width: 20e6, isLost: () => true }).verdict, 'unheard')
  assert.equal(probeOver({ width: 20e6, stall: [200, 3_000] }).verdict, 'unheard')
})

test('a very fast probe is bounded in bytes', () => {
  const probe = createProbe(100e6, 0, 0)
  let bytes = 0
  for (let now = 0; now < 1_000; now++) {
    const due = probe.due(now)
    if (due > 0) probe.sent(now, due, now)
    bytes += Math.max(0, due)
  }
  assert.ok(bytes <= PEER_LIMITS.probeBytes && bytes > PEER_LIMITS.probeBytes * 0.9, `${bytes} bytes`)
})
