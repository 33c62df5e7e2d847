import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { obsPublish } from '../support/obs.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { decode, waitLive } from '../support/published.ts'
import { quickMinutes } from '../support/quick-minutes.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { waitFor } from '../support/wait.ts'

const repository = join(import.meta.dirname, '..', '..')
const fixture = (name: string) => join(repository, 'packages/engine/http/fixtures', name)
const clip = readClip(new Uint8Array(readFileSync(join(repository, 'packages/engine/ingest/rtmp/fixtures/clip.flv'))))
const small = { width: 320, height: 180, bitrate: 300 }

describe('RTMPS', () => {
  const folder = temporaryFolder('certificate')
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  let server: Bandstand
  let owner: Owner

  before(async () => {
    // The certificate is signed by itself: ffmpeg takes any, and what this test asks over HTTPS has to as well.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    copyFileSync(fixture('localhost.cert.pem'), files.cert)
    copyFileSync(fixture('localhost.key.pem'), files.key)
    const args = ['--tls-cert', files.cert, '--tls-key', files.key]
    server = await startBandstand({ args, env: quickMinutes })
    owner = await signIn(server)
  })
  after(async () => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    await server?.stop()
  })

  const publisher = (key: string) => {
    const { hostname, port } = new URL((server.rtmps ?? '').replace('rtmps:', 'http:'))
    return publishFlv({
      ...{ host: hostname, port: Number(port), app: 'live', key, clip, realtime: true, loop: true },
      tls: { rejectUnauthorized: false },
    })
  }

  it('a real ffmpeg goes live with nothing but the address and its key, and the studio says by what', async () => {
    const encoder = ffmpegPublish({ ...small, url: `${server.rtmps}/${streamKey}` })
    await waitLive(server, 'main')
    const decoded = await decode(`${server.http}/live/main/index.m3u8`, 3)
    assert.ok(decoded.pictures >= 80, JSON.stringify(decoded))
    assert.equal(decoded.complaints, '')
    const health = await owner.call<ChannelHealth>('GET', '/channels/main/health')
    assert.equal(health.encoder?.protocol, 'rtmps')
    assert.ok(server.log().some(({ msg }) => msg === 'rtmps: encoder publishing'))
    await encoder.stop('SIGINT')
  })

  it('the studio names its address', async () => {
    const { publish } = await owner.call<Instance>('GET', '/instance')
    const port = new URL((server.rtmps ?? '').replace('rtmps:', 'http:')).port
    assert.equal(publish.rtmps, `rtmps://127.0.0.1:${port}/live`)
    assert.match(publish.rtmp ?? '', /^rtmp:/)
  })

  it('a real OBS goes live where it trusts the certificate, and refuses it where it does not', async () => {
    const trusted = temporaryFolder('trusted')
    copyFileSync(fixture('localhost.cert.pem'), join(trusted, 'localhost.pem'))
    const to = { server: (server.rtmps ?? '').replace('127.0.0.1', 'localhost'), ...small }
    const wary = await obsPublish({ ...to, key: streamKey })
    const refused = () => server.log().some(({ text }) => /does not take the certificate/.test(String(text)))
    // The server may say it first.
    const bothSaySo = () => refused() && wary.log().includes('Cert verify failed')
    await waitFor('the refusal, here and in its own log', bothSaySo, 60_000).finally(wary.kill)
    const obs = await obsPublish({ ...to, key: await owner.createChannel('obs'), trust: trusted })
    try {
      await waitLive(server, 'obs', 60_000).catch((error: unknown) => assert.fail(`${String(error)}\n${obs.log()}`))
      const health = await owner.call<ChannelHealth>('GET', '/channels/obs/health')
      assert.equal(health.encoder?.protocol, 'rtmps')
    } finally {
      await obs.stop()
    }
  })

  it('a wrong key is refused in words that ffmpeg shows', async () => {
    const encoder = ffmpegPublish({ ...small, url: `${server.rtmps}/wrong-key` })
    assert.notEqual((await encoder.exited).code, 0)
    assert.match(encoder.output(), /wrong stream key/)
  })

  it('plain RTMP at its port, and TLS at that of RTMP, are logged with what to change', async () => {
    const plain = ffmpegPublish({ ...small, url: `${(server.rtmps ?? '').replace('rtmps:', 'rtmp:')}/${streamKey}` })
    const secured = ffmpegPublish({ ...small, url: `${server.rtmp.replace('rtmp:', 'rtmps:')}/${streamKey}` })
    assert.notEqual((await plain.exited).code, 0)
    assert.notEqual((await secured.exited).code, 0)
    const said = () => server.log().map(({ text }) => String(text))
    await waitFor(
      'both lines',
      () =>
        said().some((text) => text.includes('no TLS was spoken')) &&
        said().some((text) => text.includes('this is TLS')),
    )
  })

  it('a renewed certificate is taken while encoders send, and none of them is dropped', async () => {
    const keys = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => owner.createChannel(`renewed-${name}`)))
    const publishers = keys.map(publisher)
    await Promise.all(publishers.map(({ publishing }) => publishing))
    copyFileSync(fixture('renewed.cert.pem'), `${files.cert}.new`)
    copyFileSync(fixture('renewed.key.pem'), `${files.key}.new`)
    renameSync(`${files.key}.new`, files.key)
    renameSync(`${files.cert}.new`, files.cert)
    // The files are looked at once a minute, and here once a second.
    await waitFor('the renewal', () => server.log().some(({ msg }) => msg === 'the certificate was renewed'))
    const sent = publishers.map((one) => one.sent)
    const late = publisher(await owner.createChannel('renewed-late'))
    assert.equal(await late.publishing, true)
    await waitFor('more media of all', () => publishers.every((one, i) => one.sent > (sent[i] ?? 0) + 30))
    assert.deepEqual(
      publishers.map(({ accepted }) => accepted),
      keys.map(() => 1),
    )
    await Promise.all([...publishers, late].map((one) => one.stop()))
  })
})
