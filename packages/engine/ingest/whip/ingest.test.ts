import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessUser, Supervisor, WebRtcProcess } from '../../webrtc/supervisor.ts'
import { FakeLog, FakePort } from '../rtmp/testing/fake-port.ts'
import { createWhipIngest, type WhipIngest } from './ingest.ts'

const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')
const OFFER = [
  ...['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx'],
  ...[`a=fingerprint:sha-256 ${FINGERPRINT}`, 'a=setup:actpass', 'm=video 9 UDP/TLS/RTP/SAVPF 102'],
  ...['c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendonly', 'a=rtcp-mux', 'a=rtpmap:102 H264/90000'],
  ...['a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', 'a=ssrc:11 cname:c', ''],
].join('\r\n')

/** A process that answers every offer at once. */
function answering(): WebRtcProcess {
  return {
    ...{ port: 1, pid: undefined, close: async () => undefined },
    join(user: ProcessUser): Supervisor {
      return {
        ...{ isUp: true, pid: undefined, restsFor: 0, sending: 0, onSent: undefined, setBusy() {} },
        ensure: async () => undefined,
        send(message) {
          if (message.kind === 'receive') user.onMessage({ kind: 'receiving', session: message.session, sdp: 'v=0' })
        },
      }
    },
  }
}

function stage(t: { after(what: () => void): void }) {
  const log = new FakeLog()
  /** Ids by slug, former ones among them. */
  const channels = new Map([
    ['main', 'ch_1'],
    ['second', 'ch_2'],
  ])
  const ingest = createWhipIngest({
    ...{ process: answering(), publishPort: new FakePort(), publicAddresses: () => [], log },
    channelIdOf: (slug) => channels.get(slug),
    limits: { sessions: 4, sessionsPerAddress: 4, bitrate: 1e7 },
    now: () => 0,
  })
  t.after(() => ingest.close())
  return { ingest, log, channels }
}

const offer = (ingest: WhipIngest, channel: string, key: string) =>
  ingest.offer({ channel, key, sdp: OFFER, remote: '192.0.2.1' })

test('a session is to be had at the address of its channel only, by its new name too', async (t) => {
  const { ingest, channels } = stage(t)
  const answer = await offer(ingest, 'main', 'good-key-1')
  if ('code' in answer) return assert.fail(answer.reason)
  const { session } = answer
  for (const channel of ['second', 'nowhere']) {
    const address = { channel, session }
    assert.equal(ingest.status(address), undefined)
    assert.equal(ingest.patch(address, undefined, ''), 'not-found')
    assert.equal(ingest.leave(address), false)
  }
  // Its owner gives it another name: the old one leads to it as well.
  channels.set('renamed', 'ch_1')
  assert.deepEqual(ingest.status({ channel: 'renamed', session }), { isOver: false, report: undefined })
  assert.equal(ingest.leave({ channel: 'main', session }), true)
  for (const channel of ['main', 'renamed']) assert.equal(ingest.status({ channel, session })?.isOver, true)
  assert.equal(ingest.status({ channel: 'second', session }), undefined)
  // It is told why it ended though the channel is there no more.
  channels.clear()
  assert.equal(ingest.status({ channel: 'main', session })?.isOver, true)
})

test('a refused offer puts four characters of what its address names into the log, for it may be a key', async (t) => {
  const { ingest, log } = stage(t)
  const answers = [await offer(ingest, 'secret-key-1', 'secret-key-1'), await offer(ingest, 'main', 'secret-key-1')]
  for (const answer of answers) assert.equal('code' in answer && answer.code, 'wrong-key')
  const lines = log.lines.filter((line) => line.includes('whip: encoder refused'))
  assert.match(lines[0] ?? '', /"channel":"secr…"/)
  assert.doesNotMatch(log.lines.join(), /secret-key/)
})
