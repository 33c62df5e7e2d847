import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SRT_LIMITS } from '../limits.ts'
import { writeDataPacket } from '../packet/data.ts'
import { writeNak } from '../packet/nak.ts'
import { createPair, numbers } from '../testing/pair.ts'
import type { SrtSessionOptions } from './options.ts'
import { createSrtSession } from './session.ts'

describe('a session in live mode', () => {
  it('hands on every payload in order, each when the latency has passed', () => {
    const pair = createPair({ delay: 10, latency: 120 })
    pair.connect()
    const sent = pair.stream(3000)
    pair.run(400)
    assert.deepEqual(numbers(pair.received), [...Array(sent).keys()])
    const first = pair.received[0]
    assert.ok(first !== undefined)
    // Sent about 60 ms after the start of this clock, 10 ms on the way, then the latency; time passes here every 10 ms.
    const waits = pair.received.map(({ at }, i) => at - (pair.received[0]?.at ?? 0) - i * 3)
    assert.ok(Math.max(...waits) - Math.min(...waits) <= 10, `${Math.min(...waits)} to ${Math.max(...waits)}`)
    assert.equal(pair.listener.statistics(pair.now).received.dropped, 0)
  })

  for (const seed of [1, 2, 3]) {
    it(`recovers what is lost while there is time for it (seed ${seed})`, () => {
      const pair = createPair({ seed, delay: 40, loss: 0.1, latency: 400 })
      pair.connect()
      const sent = pair.stream(10_000)
      pair.setLoss(0)
      pair.run(1000)
      const got = numbers(pair.received)
      assert.ok(got.length >= sent - 2, `${got.length} of ${sent}`)
      assert.deepEqual(
        got,
        got.toSorted((a, b) => a - b),
      )
      const { received } = pair.listener.statistics(pair.now)
      assert.ok(received.lost > sent * 0.07 && received.lost < sent * 0.13, `${received.lost} lost`)
      // A peer that sends nothing twice within a round trip is asked often, and does not.
      const { sent: out } = pair.caller.statistics(pair.callerNow())
      assert.ok(out.resent < received.lost * 1.5, `${out.resent} sent again for ${received.lost} lost`)
    })
  }

  it('gives up what is too late, and goes on with what is there', () => {
    const pair = createPair({ delay: 40, loss: 0.1, latency: 120 })
    pair.connect()
    const sent = pair.stream(5000)
    pair.setLoss(0)
    pair.run(1000)
    const { received } = pair.listener.statistics(pair.now)
    assert.ok(received.dropped > 0)
    assert.equal(pair.received.length + received.dropped, sent)
  })

  it('gives nothing up for a pause of its own: what lay in the socket is read first', () => {
    const pair = createPair({ delay: 10, latency: 120, loss: 0.02, pause: [2000, 2500] })
    pair.connect()
    const sent = pair.stream(5000)
    pair.setLoss(0)
    pair.run(1000)
    const { received } = pair.listener.statistics(pair.now)
    // What was lost during the pause could not be asked for in time.
    assert.ok(received.dropped <= 12, `${received.dropped} of ${sent} given up`)
    assert.ok(pair.received.length >= sent - 12)
  })

  it('measures the round trip, and keeps the latency while it measures', () => {
    const pair = createPair({ delay: 35, jitter: 4 })
    pair.connect()
    pair.stream(3000)
    const { roundTrip, latency } = pair.listener.statistics(pair.now)
    assert.ok(Math.abs(roundTrip - 74) < 6, `${roundTrip} ms`)
    assert.equal(latency, 120)
  })

  it('follows a clock that runs faster', () => {
    const pair = createPair({ drift: 200e-6, latency: 120 })
    pair.connect()
    pair.stream(120_000, 20)
    const waits = pair.received.map(({ at }, i) => at - i * 20)
    const [early, late] = [waits[200] ?? 0, waits.at(-1) ?? 0]
    // 120 s of 200 ppm are 24 ms.
    assert.ok(Math.abs(early - late) <= 12, `${early - late} ms`)
    assert.equal(pair.listener.statistics(pair.now).received.dropped, 0)
  })

  it('goes on where sequence numbers and timestamps wrap', () => {
    const pair = createPair({ initialSequence: 0x7fffffff - 500, loss: 0.02, delay: 20 })
    pair.connect()
    const sent = pair.stream(4000)
    pair.setLoss(0)
    pair.run(500)
    assert.equal(pair.received.length, sent)
  })

  it('acknowledges what has come, and is silent when nothing comes', () => {
    const pair = createPair({ delay: 5 })
    pair.connect()
    pair.stream(2000, 2)
    pair.run(60)
    const busy = pair.caller.statistics(pair.now)
    assert.equal(busy.sent.dropped, 0)
    const before = pair.acknowledgements
    assert.ok(before >= 60 && before <= 80, `${before} ACKs in 2 s`)
    assert.equal(pair.caller.waiting, 0)
    // Only keep-alives now; neither side takes the other for gone.
    pair.run(20_000)
    assert.ok(pair.acknowledgements <= before + 2)
    assert.equal(pair.caller.ended, undefined)
    assert.equal(pair.listener.ended, undefined)
  })

  it('a tail that was lost is sent again', () => {
    const pair = createPair({ delay: 10, latency: 300 })
    pair.connect()
    const sent = pair.stream(300)
    pair.setLoss(1)
    pair.caller.send(new Uint8Array([0, 0, 0, sent]), pair.callerNow())
    pair.run(20)
    pair.setLoss(0)
    pair.run(1000)
    assert.equal(numbers(pair.received).at(-1), sent)
  })

  it('says goodbye, and takes a peer for gone that says nothing for 5 s', () => {
    const polite = createPair()
    polite.connect()
    polite.caller.close(polite.callerNow())
    polite.run(20)
    assert.equal(polite.listener.ended, 'shutdown')
    const rude = createPair()
    rude.connect()
    rude.setLoss(1)
    rude.run(4900)
    assert.equal(rude.listener.ended, undefined)
    rude.run(300)
    assert.equal(rude.listener.ended, 'lost')
  })

  it('sends to a caller too, with a burst spread over some ms', () => {
    const pair = createPair({ loss: 0.05, delay: 20, latency: 250 })
    pair.connect()
    let sent = 0
    pair.run(4000, () => {
      if (pair.now % 100 !== 0) return
      for (let i = 0; i < 60; i++) {
        const payload = new Uint8Array(1316)
        new DataView(payload.buffer).setUint32(0, sent++)
        pair.listener.send(payload, pair.now)
      }
    })
    pair.setLoss(0)
    pair.run(1000)
    assert.deepEqual(numbers(pair.returned), [...Array(sent).keys()])
  })

  it('keeps no more than its bound of what a reader does not acknowledge', () => {
    const pair = createPair()
    pair.connect()
    pair.setLoss(1)
    pair.run(4000, () => {
      for (let i = 0; i < 20; i++) pair.listener.send(new Uint8Array(1316), pair.now)
    })
    const { sent } = pair.listener.statistics(pair.now)
    assert.ok(sent.dropped > 40_000, `${sent.dropped} given up`)
    assert.ok(pair.listener.waiting <= 8192)
  })

  it('says how much it keeps, which is nothing once it is acknowledged or given up', () => {
    const pair = createPair()
    pair.connect()
    const send = () => {
      for (let i = 0; i < 10; i++) pair.listener.send(new Uint8Array(1316), pair.now)
      assert.equal(pair.listener.kept, 13_320)
    }
    assert.equal(pair.listener.kept, 0)
    send()
    pair.run(200)
    assert.equal(pair.listener.kept, 0)
    pair.setLoss(1)
    send()
    pair.run(2000)
    assert.equal(pair.listener.kept, 0)
  })

  it('takes little memory for a reader that acknowledges what it gets', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // What the first has found the second gives back.
    collect()
    collect()
    const before = process.memoryUsage().arrayBuffers
    const pairs = Array.from({ length: 50 }, () => createPair())
    for (const pair of pairs) {
      pair.connect()
      pair.listener.send(new Uint8Array(10), pair.now)
    }
    collect()
    const each = (process.memoryUsage().arrayBuffers - before) / pairs.length
    assert.ok(each < 40_000, `${each} bytes each`)
  })

  it('sends all again, in order, of a long line on which much waits', () => {
    const pair = createPair({ delay: 600, latency: 8000, loss: 0.02 })
    pair.connect()
    const payload = (n: number) => {
      const bytes = new Uint8Array(100)
      new DataView(bytes.buffer).setUint32(0, n)
      return bytes
    }
    let sent = 0
    pair.run(1500, () => pair.listener.send(payload(sent++), pair.now))
    pair.setLoss(0)
    pair.run(12_000)
    assert.deepEqual(numbers(pair.returned), [...Array(sent).keys()])
  })

  it('answers a loss report over what was given up, however often it names it, with one packet', () => {
    const pair = createPair()
    pair.connect()
    for (let i = 0; i < 4; i++) pair.listener.send(new Uint8Array(1316), pair.now)
    pair.run(100)
    const before = pair.sentByListener
    const ranges = Array.from({ length: 364 }, () => ({ first: 999, last: 999 }))
    pair.listener.receive(writeNak({ timestamp: 0, destination: 0x4321 }, ranges), pair.now)
    assert.equal(pair.sentByListener - before, 1)
  })

  it('hands the oldest on early when more waits than there is room for', () => {
    const pair = createPair({ latency: 8000, limits: { receivePackets: 256 } })
    pair.connect()
    const sent = pair.stream(3000)
    const got = numbers(pair.received)
    assert.ok(got.length >= sent - 260)
    assert.deepEqual(got, [...Array(got.length).keys()])
  })

  it('passes over a packet of a far sequence number', () => {
    const pair = createPair()
    pair.connect()
    pair.stream(100)
    const forged = new Uint8Array(100)
    new DataView(forged.buffer).setUint32(0, 0x3fffffff)
    pair.listener.receive(forged, pair.now)
    const sent = pair.stream(300)
    pair.run(300)
    assert.ok(pair.received.length >= sent)
  })
})

describe('an encrypted session', () => {
  for (const keyLength of [16, 24, 32]) {
    it(`decrypts AES-${keyLength * 8} and takes new keys, odd after even`, () => {
      const passphrase = 'correct horse battery'
      const pair = createPair({
        ...{ callerPassphrase: passphrase, listenerPassphrase: passphrase, keyLength, loss: 0.02, delay: 20 },
        limits: { keyPackets: 200, keyAnnouncePackets: 60 },
      })
      pair.connect()
      const sent = pair.stream(4000)
      pair.setLoss(0)
      pair.run(500)
      assert.deepEqual(numbers(pair.received), [...Array(sent).keys()])
      assert.equal(pair.listener.statistics(pair.now).received.undecryptable, 0)
    })
  }

  it('hands on nothing that comes in the clear', () => {
    const passphrase = 'correct horse battery'
    const pair = createPair({ callerPassphrase: passphrase, listenerPassphrase: passphrase, initialSequence: 7 })
    pair.connect()
    const forged = new Uint8Array(100)
    forged[3] = 7
    pair.listener.receive(forged, pair.now)
    pair.run(500)
    assert.equal(pair.received.length, 0)
    assert.equal(pair.listener.statistics(pair.now).received.undecryptable, 1)
  })

  it('hands on what waits when the peer says goodbye: the end of what was sent is not lost', () => {
    const pair = createPair({ delay: 10, latency: 2000 })
    pair.connect()
    const sent = pair.stream(3000)
    pair.run(100)
    pair.caller.close(pair.callerNow())
    pair.run(50)
    assert.equal(pair.listener.ended, 'shutdown')
    assert.deepEqual(numbers(pair.received), [...Array(sent).keys()])
  })

  describe('of packets with any number and time', () => {
    const limits = { ...SRT_LIMITS, receivePackets: 256 }
    const stage = (more: Partial<SrtSessionOptions> = {}) => {
      const handed: Uint8Array[] = []
      const session = createSrtSession(
        {
          ...{ socketId: 1, peerSocketId: 2, initialSequence: 0, start: 0, peerStart: 0, peerVersion: 0x010501 },
          ...{ receiverDelay: 120, senderDelay: 120, flowWindow: 256, keys: undefined, limits, ...more },
        },
        { send() {}, payload: (data) => void handed.push(data) },
      )
      const receive = (sequence: number, now: number, timestamp = now * 1000, bytes = 4) => {
        const payload = new Uint8Array(bytes)
        session.receive(writeDataPacket({ sequence, key: 0, message: 1, timestamp, destination: 1, payload }), now)
      }
      return { session, handed, receive }
    }

    for (const jump of [300, 100_000, 0x3fff0000]) {
      it(`goes on where the peer is ${jump} packets further after an outage`, () => {
        const { session, handed, receive } = stage()
        for (let now = 0; now < 4000; now += 10) {
          receive(now / 10 + (now >= 2000 ? jump : 0), now)
          session.wake(now)
        }
        session.wake(5000)
        assert.ok(handed.length >= 360, `${handed.length} handed on`)
      })
    }

    it('a stray packet from far away moves nothing', () => {
      const { session, handed, receive } = stage()
      for (let now = 0; now < 2000; now += 10) {
        receive(now / 10, now)
        receive(1_000_000 + now, now)
        session.wake(now)
      }
      session.wake(3000)
      assert.equal(handed.length, 200)
      assert.equal(session.statistics(3000).received.dropped, 0)
    })

    it('keeps none that is larger than was agreed', () => {
      const { session, handed, receive } = stage()
      receive(0, 0, 0, 60_000)
      session.wake(1000)
      assert.equal(handed.length, 0)
      assert.equal(session.malformed, 1)
    })

    for (const first of [0x7fffff00, 0x80000000, 0xfffffff0]) {
      it(`a peer whose clock begins with ${first} has its latency`, () => {
        const { session, handed, receive } = stage({ peerStart: -first / 1000 })
        receive(0, 0, first)
        receive(1, 1, (first + 1000) >>> 0)
        session.wake(100)
        assert.equal(handed.length, 0)
        session.wake(121)
        assert.equal(handed.length, 2)
      })
    }
  })
})
