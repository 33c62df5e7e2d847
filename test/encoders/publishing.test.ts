import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { PublishKeyList, ShownKey, SignedKey } from '@bandstand/contract/api/publishing.ts'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { publishClip } from '../support/channels.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { type Running, start } from '../support/process.ts'
import { waitFor } from '../support/wait.ts'

/** Who may publish, as a real encoder meets it. */

const soon = (ms: number) => new Date(Date.now() + ms).toISOString()

/** What the publish hook does with the next encoders. */
let hookMode: 'allow' | 'refuse' | 'redirect' | 'hang' | 'upgrade' | 'garbage' | 'drip' = 'allow'
const hookSockets = new Set<Socket>()
const hookHeard: string[] = []
const hook = createServer((request, response) => {
  request.setEncoding('utf8').on('data', (text: string) => void hookHeard.push(text))
  request.on('end', () => {
    if (hookMode === 'allow') response.end('{"allow":true}')
    else if (hookMode === 'refuse') response.end('{"allow":false,"reason":"the\\u001b[2J hall is\\nnot paid"}')
    else if (hookMode === 'redirect') response.end('{"allow":true,"channel":"overflow"}')
    else if (hookMode === 'garbage') response.end('<html>')
    else if (hookMode === 'upgrade')
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n')
    else if (hookMode === 'drip') {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(timer))
    }
  })
})
hook.on('connection', (socket) => hookSockets.add(socket.on('close', () => hookSockets.delete(socket))))

let plain: Bandstand
let asking: Bandstand
let owner: Owner
let askingOwner: Owner
before(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const { port } = hook.address() as AddressInfo
  const env = {
    BANDSTAND_PUBLISH_HOOK: `http://127.0.0.1:${port}/may`,
    BANDSTAND_PUBLISH_HOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
    BANDSTAND_PUBLISH_HOOK_TIMEOUT: '4',
  }
  ;[plain, asking] = await Promise.all([startBandstand(), startBandstand({ env })])
  owner = await signIn(plain)
  askingOwner = await signIn(asking)
})
after(async () => {
  await Promise.all([plain?.stop(), asking?.stop()])
  for (const socket of hookSockets) socket.destroy()
  hook.close()
})

/** A real encoder on a server; ends with the test. */
function ffmpeg(t: TestContext, server: Bandstand, key: string): Running {
  const encoder = ffmpegPublish({ url: `${server.rtmp}/${key}`, width: 320, height: 180, bitrate: 200 })
  t.after(() => encoder.stop('SIGKILL'))
  return encoder
}

const factsOf = async (server: Bandstand, slug: string) =>
  (await (await fetch(`${server.http}/api/v1/channels/${slug}`)).json()) as Channel
const live = (server: Bandstand, slug: string, wanted = true) =>
  waitFor(`${slug} to be ${wanted ? 'live' : 'offline'}`, async () => (await factsOf(server, slug)).live === wanted)

/** The encoder ends by itself, and has been told why. */
async function toldWhy(encoder: Running, why: RegExp): Promise<void> {
  await waitFor('the end of the encoder', () => !encoder.running())
  assert.match(encoder.stderr(), why)
}

/** Nothing of a key but its first characters is in the log. */
function assertNotLogged(server: Bandstand, ...keys: string[]): void {
  for (const key of keys) assert.equal(server.output().includes(key.slice(0, 8)), false, key.slice(0, 4))
}

// They mostly wait, each for an encoder of its own; what the hook says is the same for all that ask it.
describe('who may publish', { concurrency: true }, () => {
  describe('by keys', { concurrency: 2 }, () => {
    test('two keys publish on one channel, and revoking one ends its encoder and not the other', async (t) => {
      await owner.createChannel('two-keys')
      const make = (note: string) => owner.call<ShownKey>('POST', '/channels/two-keys/keys', { note })
      const [first, second] = [await make('first'), await make('second')]
      const one = ffmpeg(t, plain, first.key)
      await live(plain, 'two-keys')
      const { keys } = await owner.call<PublishKeyList>('GET', '/channels/two-keys/keys')
      assert.deepEqual(
        keys.map(({ note, inUse, usedAt }) => [note, inUse, usedAt !== null]),
        [
          ['first', true, true],
          ['second', false, false],
        ],
      )
      const two = ffmpeg(t, plain, second.key)
      await toldWhy(one, /took this channel over|took over/)
      await owner.call('DELETE', `/channels/two-keys/keys/${first.id}`)
      const refused = ffmpeg(t, plain, first.key)
      await toldWhy(refused, /wrong stream key/)
      assert.equal(two.running(), true)
      await owner.call('DELETE', `/channels/two-keys/keys/${second.id}`)
      await toldWhy(two, /this stream key was revoked/)
      await live(plain, 'two-keys', false)
      assertNotLogged(plain, first.key, second.key)
    })

    test('a key expires while its encoder is live', async (t) => {
      await owner.createChannel('expiring')
      const { key, id } = await owner.call<ShownKey>('POST', '/channels/expiring/keys', { expiresAt: soon(3_600_000) })
      const encoder = ffmpeg(t, plain, key)
      await live(plain, 'expiring')
      // What has passed when the server reads it is refused.
      await owner.call('PATCH', `/channels/expiring/keys/${id}`, { expiresAt: soon(6_000) })
      await toldWhy(
        encoder,
        /this stream key expired at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: make a new one in the studio/,
      )
      await live(plain, 'expiring', false)
    })

    test('a signed key lets an encoder in, and its session ends when its time has come', async (t) => {
      await owner.createChannel('guest')
      const signed = await owner.call<SignedKey>('POST', '/channels/guest/signed-keys', {
        ...{ expiresAt: soon(600_000), sessionEndsAt: soon(15_000), addresses: ['127.0.0.0/8'] },
      })
      const encoder = ffmpeg(t, plain, signed.key)
      await live(plain, 'guest')
      await toldWhy(encoder, /the time of this publish address was over at .* UTC: make a new one in the studio/)
      const late = ffmpeg(t, plain, signed.key)
      await toldWhy(late, /the time of this publish address was over/)
      assertNotLogged(plain, signed.key)
    })

    test('a signed key is refused when it has expired, from elsewhere, changed, and after all were revoked', async (t) => {
      await owner.createChannel('strict')
      const sign = async (more: object) =>
        owner.call<SignedKey>('POST', '/channels/strict/signed-keys', { expiresAt: soon(600_000), ...more })
      const old = await sign({ expiresAt: soon(7_000) })
      const { key: elsewhere } = await sign({ addresses: ['192.0.2.0/24', '2001:db8::/32'] })
      const { key: good } = await sign({})
      const cases: [string, RegExp][] = [
        [elsewhere, /is for encoders at 192.0.2.0\/24, 2001:db8::\/32, and this one is at 127.0.0.1/],
        [`${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`, /not signed by this server/],
      ]
      for (const [key, why] of cases) await toldWhy(ffmpeg(t, plain, key), why)
      await waitFor('the key to expire', () => Date.parse(old.expiresAt) <= Date.now())
      await toldWhy(ffmpeg(t, plain, old.key), /this publish address expired at .* UTC: make a new one in the studio/)
      const encoder = ffmpeg(t, plain, good)
      await live(plain, 'strict')
      await owner.call('DELETE', '/channels/strict/signed-keys')
      await toldWhy(encoder, /this publish address was revoked/)
      await toldWhy(ffmpeg(t, plain, good), /this publish address was revoked/)
    })

    test('a key signed with no server by the command line is good at the server', async (t) => {
      await owner.createChannel('by-hand')
      const main = join(import.meta.dirname, '../../apps/bandstand/bandstand.mjs')
      const command = start(process.execPath, [main, 'sign', 'by-hand', '--expires', '10m', '--data', plain.data])
      assert.equal((await command.exited).code, 0, command.output())
      assert.match(command.stdout(), /^bs1\.[\w.-]+\n$/)
      ffmpeg(t, plain, command.stdout().trim())
      await live(plain, 'by-hand')
    })
  })

  describe('by a hook', { concurrency: false }, () => {
    test('an encoder that the hook refuses is told its reason, and one that it sends elsewhere is live there', async (t) => {
      await askingOwner.createChannel('overflow')
      hookMode = 'refuse'
      await toldWhy(ffmpeg(t, asking, streamKey), /the \[2J hall is not paid/)
      hookMode = 'redirect'
      const encoder = ffmpeg(t, asking, streamKey)
      await live(asking, 'overflow')
      assert.equal((await factsOf(asking, 'main')).live, false)
      await askingOwner.call('POST', '/channels/main/key/rotate')
      await toldWhy(encoder, /stream key of this channel was changed/)
      assert.equal(
        hookHeard.some((body) => body.includes(streamKey)),
        false,
      )
    })

    for (const mode of ['garbage', 'upgrade', 'hang', 'drip'] as const) {
      test(`with a hook of which comes ${mode} nobody new goes live, and who is live stays`, async (t) => {
        const [going, next] = [await askingOwner.createChannel(`going-${mode}`), await askingOwner.createChannel(mode)]
        hookMode = 'allow'
        const alive = publishClip(`${asking.rtmp}/${going}`)
        t.after(() => alive.stop())
        await live(asking, `going-${mode}`)
        hookMode = mode
        const refused = ffmpeg(t, asking, next)
        if (mode === 'hang') {
          await waitFor('the question', () => hookHeard.some((body) => body.includes('"channel":"hang"')))
          // While that one waits another hears at once what is known of its key.
          const wrong = await publishClip(`${asking.rtmp}/no-such-key`).ended
          assert.match(wrong.text, /wrong stream key/)
          assert.equal(refused.running(), true)
        }
        await toldWhy(refused, /could not ask whether this encoder may publish/)
        assert.equal((await factsOf(asking, mode)).live, false)
        assert.equal((await factsOf(asking, `going-${mode}`)).live, true)
        const metrics = await (await fetch(`${asking.http}/metrics`)).text()
        assert.match(metrics, /^bandstand_publish_hook_failed [1-9]/m)
        assert.match(metrics, /^bandstand_publish_hook_running 0/m)
      })
    }
  })
})
