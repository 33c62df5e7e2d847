import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes } from '@bandstand/media/bytes/bytes.ts'
import { inBandParameterSets } from '@bandstand/media/codecs/h264/avcc.ts'
import { videoConfigFromAvcC } from '@bandstand/media/codecs/h264/config.ts'
import { AVCC } from '@bandstand/media/codecs/h264/fixtures.ts'
import { FakePublisher } from '../rtmp/testing/fake-port.ts'
import { WHIP_LIMITS } from './limits.ts'
import { type ReceivedVideo, SOUND } from './messages.ts'
import { createWhipToStream } from './to-stream.ts'

const section = { mid: '0', payloadType: 96, name: 'H264/90000', parameters: '', feedback: [] }
/** A picture that no decoder could do anything with, for want of parameter sets. */
const picture = Uint8Array.of(0, 0, 0, 1, 0x41, 0x9a, 0, 0)
/** A packet of Opus: 20 ms of one frame (RFC 6716 §3.1). */
const packet = Uint8Array.of(0xfc, 0xff, 0xfe)

function stage(more: Partial<ReceivedVideo> = {}) {
  let now = 1_000
  let wokeAt = Number.NEGATIVE_INFINITY
  const publisher = new FakePublisher()
  const media = createWhipToStream({
    ...{ publisher, hasSound: true, now: () => now },
    video: [{ ...section, codec: 'h264', rids: [], ...more }],
  })
  /** @returns what the encoder is told in so many ms of units like this, one every 20 ms. */
  const send = (ms: number, source: number, data: Uint8Array): string | undefined => {
    for (const end = now + ms; now < end; now += 20) {
      const unit = { kind: 'received', session: 's', source, time: now * 90, key: false, data } as const
      const complaint = media.take(unit) ?? media.tick(wokeAt)
      if (complaint !== undefined) return complaint
    }
    return undefined
  }
  const stand = (ms: number): string | undefined => {
    now += ms
    wokeAt = now
    return media.tick(wokeAt)
  }
  return { media, publisher, send, stand }
}

test('an encoder of which nothing can ever be read is told so after a while', () => {
  for (const [source, data] of [
    [0, picture],
    [SOUND, new Uint8Array(0)],
  ] as const) {
    const { send } = stage()
    assert.equal(send(WHIP_LIMITS.unreadableMs, source, data), undefined)
    assert.match(send(1_000, source, data) ?? '', /Nothing .* can be read: set it to H\.264/)
  }
})

test('one of which something can be read stays, and is told so long after the last of it', () => {
  const { send } = stage()
  assert.equal(send(2 * WHIP_LIMITS.unreadableMs, SOUND, packet), undefined)
  assert.equal(send(WHIP_LIMITS.unreadableMs, 0, picture), undefined)
  assert.match(send(1_000, 0, picture) ?? '', /Nothing/)
})

test('what came while the process stood is read first', () => {
  const { send, stand } = stage()
  assert.equal(send(1_000, SOUND, packet), undefined)
  assert.equal(stand(2 * WHIP_LIMITS.unreadableMs), undefined)
  assert.equal(send(WHIP_LIMITS.unreadableMs, 0, picture), undefined)
  assert.match(send(1_000, 0, picture) ?? '', /Nothing/)
})

/** An IDR picture without parameter sets. */
const key = Uint8Array.of(0, 0, 0, 2, 0x65, 0x88)
const widthsOf = ({ configs }: FakePublisher) => configs.map(({ config }) => 'width' in config && config.width)

test('an encoder whose parameter sets stand in its offer alone goes live with them', () => {
  const { publisher, send } = stage({ parameterSets: inBandParameterSets(AVCC.hd1080) })
  send(20, 0, picture)
  assert.deepEqual(widthsOf(publisher), [])
  send(40, 0, key)
  assert.deepEqual(widthsOf(publisher), [1920])
  const shown = { key: true, data: key }
  assert.deepEqual(
    publisher.units.map(({ key, data }) => ({ key, data })),
    [shown, shown],
  )
})

test('what the stream has itself counts more than the offer', () => {
  const { publisher, send } = stage({ parameterSets: inBandParameterSets(AVCC.hd1080) })
  send(20, 0, concatBytes([inBandParameterSets(AVCC.sarColour), key]))
  send(20, 0, key)
  assert.deepEqual(widthsOf(publisher), [videoConfigFromAvcC(AVCC.sarColour).width])
})

test('parameter sets of an offer that cannot be read, or that are of several sizes, are as good as none', () => {
  const unreadable = { parameterSets: Uint8Array.of(0, 0, 0, 1, 0x67) }
  const several = { parameterSets: inBandParameterSets(AVCC.hd1080), rids: ['a', 'b'] }
  for (const more of [unreadable, several]) {
    const { publisher, send } = stage(more)
    send(60, 0, key)
    assert.deepEqual(widthsOf(publisher), [])
    send(3_000, 0, concatBytes([inBandParameterSets(AVCC.sarColour), key]))
    assert.deepEqual(widthsOf(publisher), [videoConfigFromAvcC(AVCC.sarColour).width])
  }
})
