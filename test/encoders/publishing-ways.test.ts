import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { SignedKey } from '@bandstand/contract/api/publishing.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { type Running, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { waitFor } from '../support/wait.ts'

/** Signed keys by the other ways in than RTMP, and what is heard there of a refusal. */

let server: Bandstand
let owner: Owner
before(async () => {
  server = await startBandstand()
  owner = await signIn(server)
})
after(() => server?.stop())

/** A channel of its own, and what signs keys for it. */
async function channel(slug: string) {
  await owner.createChannel(slug)
  const later = (ms: number) => new Date(Date.now() + ms).toISOString()
  return {
    sign: async (more: object = {}) =>
      (await owner.call<SignedKey>('POST', `/channels/${slug}/signed-keys`, { expiresAt: later(600_000), ...more }))
        .key,
    revoke: () => owner.call('DELETE', `/channels/${slug}/signed-keys`),
    live: () =>
      waitFor(`${slug} to be live`, async () => {
        const answer = await fetch(`${server.http}/api/v1/channels/${slug}`)
        return ((await answer.json()) as Channel).live
      }),
  }
}

/** A line of the log about a refusal with this reason. */
const logged = (message: string, text: RegExp) =>
  waitFor(`${message} ${text}`, () =>
    server.log().find((line) => line.msg.startsWith(message) && text.test(String(line['text']))),
  )

const elsewhere = { addresses: ['192.0.2.0/24'] }

test('SRT takes a signed key with everything around it, and hears that it was revoked', async (t) => {
  const { sign, live, revoke } = await channel('by-srt')
  const key = await sign({ addresses: Array<string>(7).fill('2001:db8:1:2:3:4:5:6').concat('127.0.0.0/8') })
  assert.ok(key.length > 230)
  const publish = (given: string): Running => {
    const encoder = ffmpegPublish({ url: `srt://${server.srt}?streamid=publish:${given}`, width: 320, height: 180 })
    t.after(() => encoder.stop('SIGKILL'))
    return encoder
  }
  const encoder = publish(key)
  await live()
  await revoke()
  await logged('srt: ', /publish address was revoked/)
  await waitFor('the end of the encoder', () => !encoder.running())
  const refused = publish(await sign(elsewhere))
  await waitFor('the end of who is refused', () => !refused.running())
  const line = await logged('srt: caller refused', /is for encoders at 192.0.2.0\/24, and this one is at 127.0.0.1/)
  assert.equal(line['streamId'], 'publish:bs1.…')
  assert.equal(server.output().includes(key.slice(0, 12)), false)
})

/** HLS as ffmpeg makes it. */
function hls(t: TestContext, key: string): Running {
  const encoder = start(findProgram('ffmpeg'), [
    ...['-hide_banner', '-loglevel', 'warning', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '30'],
    ...['-threads', '1', '-f', 'hls', '-hls_time', '1', '-method', 'PUT'],
    `${server.http}/ingest/hls/${key}/live.m3u8`,
  ])
  t.after(() => encoder.stop('SIGKILL'))
  return encoder
}

test('HLS that ffmpeg puts takes a signed key, and a refusal is logged and answered with its reason', async (t) => {
  const { sign, live, revoke } = await channel('by-hls')
  const key = await sign()
  hls(t, key)
  await live()
  await revoke()
  await logged('hls: ', /publish address was revoked/)
  // ffmpeg reads no answer to what it puts: the log and the studio are where its owner hears of it.
  hls(t, await sign(elsewhere))
  await logged('hls: encoder refused', /is for encoders at 192.0.2.0\/24, and this one is at 127.0.0.1/)
  const answer = await fetch(`${server.http}/ingest/hls/${key}/live.m3u8`, { method: 'PUT', body: '#EXTM3U\n' })
  const { code, detail } = (await answer.json()) as { code: string; detail: string }
  assert.deepEqual([answer.status, code], [403, 'expired'])
  assert.match(detail, /publish address was revoked: make a new one in the studio/)
  assert.equal(server.output().includes(key.slice(0, 12)), false)
})

/** Of an encoder that sends pictures alone. */
const offer = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'],
  ...['m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendonly', 'a=rtcp-mux', 'a=setup:actpass'],
  ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx'],
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, i) => (i + 16).toString(16).toUpperCase()).join(':')}`,
  ...['a=rtpmap:96 H264/90000', 'a=fmtp:96 packetization-mode=1;profile-level-id=42e01f', 'a=rtcp-fb:96 nack pli', ''],
].join('\r\n')

test('WHIP takes a signed key for the channel in its address, and answers with the reason of a refusal', async () => {
  const { sign, revoke } = await channel('by-whip')
  const publish = async (key: string, slug = 'by-whip') => {
    const answer = await fetch(`${server.http}/live/${slug}/whip`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${key}` },
      body: offer,
    })
    const text = await answer.text()
    const location = answer.headers.get('location')
    if (location !== null) await fetch(new URL(location, server.http), { method: 'DELETE' })
    return { status: answer.status, text }
  }
  const key = await sign()
  const good = await publish(key)
  assert.equal(good.status, 201, good.text)
  const refusals: [key: string, slug: string, status: number, why: RegExp][] = [
    [key, 'main', 403, /key is of another channel/],
    [streamKey, 'by-whip', 403, /key is of another channel/],
    [`${key.slice(0, -4)}AAAA`, 'by-whip', 401, /not signed by this server/],
    ['no-such-key', 'by-whip', 401, /wrong stream key/i],
    [await sign(elsewhere), 'by-whip', 403, /is for encoders at 192.0.2.0/],
  ]
  for (const [given, slug, status, why] of refusals) {
    const refused = await publish(given, slug)
    assert.equal(refused.status, status, refused.text)
    assert.match(refused.text, why)
  }
  await revoke()
  const revoked = await publish(key)
  assert.equal(revoked.status, 403)
  assert.match(revoked.text, /publish address was revoked/)
  assert.equal(server.output().includes(key.slice(0, 12)), false)
})
