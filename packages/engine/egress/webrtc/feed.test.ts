import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { AVCC } from '@bandstand/media/codecs/h264/fixtures.ts'
import { audioConfig, videoConfig } from '../../packager/fixtures/encoder.ts'
import { createHub } from '../../stream/hub.ts'
import { PROCESS_LIMITS } from '../../webrtc/limits.ts'
import { createFeed } from './feed.ts'
import { WEBRTC_LIMITS } from './limits.ts'
import type { ToRoom } from './messages.ts'

const FRAME = 3_000

function stage() {
  const hub = createHub({ keep: true, onFault: (_, error) => assert.fail(String(error)) })
  const sent: string[] = []
  const judged: boolean[] = []
  const state = { sending: 0, ended: 0 }
  const open = (id: number, video = videoConfig()) =>
    hub.publish({
      kind: 'epoch-opened',
      id,
      start: 0,
      wallClock: 0,
      tracks: [
        { track: VIDEO_TRACK, config: video, frameDuration: 1 / 30 },
        { track: AUDIO_TRACK, config: audioConfig(), frameDuration: 1024 / 48_000 },
      ],
      reason: 'encoder',
    })
  /** Picture `n` in decoding order, shown as picture `shown`. */
  const picture = (n: number, key: boolean, shown = n) => {
    const data = new Uint8Array(10)
    const unit = { track: VIDEO_TRACK, dts: n * FRAME, pts: shown * FRAME, key, data, arrivedAt: 0 }
    hub.publish({ kind: 'unit', unit })
  }
  return {
    hub,
    sent,
    judged,
    state,
    open,
    picture,
    feed: () =>
      createFeed({
        id: 7,
        name: 'test',
        hub,
        send(message: ToRoom) {
          if (message.kind === 'picture') state.sending += message.data.byteLength
          sent.push(message.kind === 'picture' ? `${message.key ? 'K' : 'p'}${message.time / FRAME}` : message.kind)
        },
        sending: () => state.sending,
        onJudged: (hasBFrames) => judged.push(hasBFrames),
        onEnded: () => state.ended++,
      }),
  }
}

test('what the hub has kept is sent at once, what comes later as it comes', () => {
  const { feed, open, picture, sent } = stage()
  open(1)
  picture(0, true)
  picture(1, false)
  feed().pump()
  assert.deepEqual(sent, ['epoch', 'K0', 'p1'])
  picture(2, false)
  assert.deepEqual(sent.at(-1), 'p2')
})

test('a group of ten seconds is sent at once too', () => {
  const { feed, open, picture, sent } = stage()
  open(1)
  for (let n = 0; n < 300; n++) picture(n, n === 0)
  feed().pump()
  assert.deepEqual([sent.length, sent[1], sent.at(-1)], [301, 'K0', 'p299'])
})

test('pictures in order are told after a few, and B-frames that come later still are', () => {
  const { feed, open, picture, judged } = stage()
  const created = feed()
  open(1)
  created.pump()
  assert.equal(created.hasBFrames, undefined)
  for (let n = 0; n < WEBRTC_LIMITS.judgePictures - 1; n++) picture(n, n === 0)
  assert.deepEqual(judged, [])
  picture(WEBRTC_LIMITS.judgePictures - 1, false)
  assert.deepEqual(judged, [false])
  picture(10, false, 13)
  picture(11, false, 11)
  assert.deepEqual(judged, [false, true])
})

test('an encoder that promises to reorder nothing is believed at once, and caught when it does', () => {
  const { feed, open, picture, judged } = stage()
  // Its max_num_reorder_frames is 0.
  open(1, { ...videoConfig(), decoderConfig: AVCC.hd1080 })
  feed().pump()
  assert.deepEqual(judged, [false])
  picture(0, true)
  picture(1, false, 3)
  picture(2, false, 2)
  assert.deepEqual(judged, [false, true])
})

test('of an encoder with B-frames nothing is sent from the first one on, and another encoder is heard again', () => {
  const { feed, hub, open, picture, sent } = stage()
  const created = feed()
  open(1)
  created.pump()
  picture(0, true)
  picture(1, false, 3)
  picture(2, false, 1)
  picture(3, false, 2)
  picture(4, true, 4)
  assert.deepEqual(sent, ['epoch', 'K0', 'p3'])
  hub.publish({ kind: 'epoch-closed', id: 1, end: 0 })
  open(2)
  picture(5, true)
  assert.deepEqual(sent.slice(3), ['epoch', 'K5'])
})

test('while too much is on its way nothing is taken, and what is given up are whole groups', () => {
  const { feed, open, picture, sent, state } = stage()
  const created = feed()
  open(1)
  created.pump()
  picture(0, true)
  state.sending = PROCESS_LIMITS.sendingBytes
  const second = 30
  for (let n = 1; n < second * 5; n++) picture(n, n % second === 0)
  assert.deepEqual(sent, ['epoch', 'K0'])
  state.sending = 0
  created.pump()
  // The newest two seconds and less than a group before.
  assert.equal(sent[2], 'K90')
  assert.equal(sent.at(-1), 'p149')
  assert.equal(created.droppedGroups, 3)
})

test('the hub’s end is told once everything has been sent', async () => {
  const { feed, hub, open, picture, sent, state } = stage()
  const created = feed()
  open(1)
  picture(0, true)
  hub.end()
  await new Promise((done) => setImmediate(done))
  assert.deepEqual([sent, state.ended], [['epoch', 'K0'], 1])
  created.close()
})
