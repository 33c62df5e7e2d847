import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { KEYS_MAX } from '@bandstand/contract/limits.ts'
import type { PublishAdmission, PublishQuestion } from '../ports.ts'
import { type Started, startPlatform } from '../testing/start.ts'
import { USE_INTERVAL } from './limits.ts'

const start = Date.parse('2026-03-04T05:06:07.000Z')
const moment = (ms: number) => new Date(start + ms).toISOString()
const [HOUR, DAY] = [3_600_000, 86_400_000]

/** A platform whose clock stands still until it is told to go on. */
async function stage(t: TestContext, given: Parameters<typeof startPlatform>[1] = {}) {
  const clock = { now: start }
  const started = await startPlatform(t, { ...given, now: () => clock.now })
  const ask = (key: string, more: Partial<PublishQuestion> = {}) =>
    started.platform.directory.admit({ protocol: 'rtmp', remote: '192.0.2.1', key, ...more })
  return { ...started, clock, ask }
}

async function keyOf({ asOwner }: Pick<Started, 'asOwner'>, body: object = {}): Promise<{ id: string; key: string }> {
  const made = await asOwner('POST', '/channels/main/keys', body)
  assert.equal(made.statusCode, 201, made.body)
  return made.json()
}

async function signedOf({ asOwner }: Pick<Started, 'asOwner'>, body: object = {}): Promise<string> {
  const made = await asOwner('POST', '/channels/main/signed-keys', { expiresAt: moment(HOUR), ...body })
  assert.equal(made.statusCode, 201, made.body)
  return made.json().key
}

type Answer = Awaited<ReturnType<Started['platform']['directory']['admit']>>

function admitted(answer: Answer): PublishAdmission {
  return 'refusal' in answer ? assert.fail(answer.refusal.reason) : answer
}

function refused(answer: Answer): { readonly code: string; readonly reason: string } {
  return 'refusal' in answer ? answer.refusal : assert.fail('it was let in')
}

test('further keys are the owner’s alone', async (t) => {
  const { app } = await stage(t)
  for (const [method, path] of [
    ['GET', '/keys'],
    ['POST', '/keys'],
    ['GET', '/keys/key_1'],
    ['PATCH', '/keys/key_1'],
    ['DELETE', '/keys/key_1'],
    ['POST', '/signed-keys'],
    ['DELETE', '/signed-keys'],
  ] as const) {
    const reply = await app.inject({ method, url: `/api/v1/channels/main${path}` })
    assert.deepEqual([reply.statusCode, reply.json().code], [401, 'not-signed-in'], `${method} ${path}`)
  }
})

test('a further key lets an encoder in beside the own one, is listed without itself and shown when asked for', async (t) => {
  const started = await stage(t)
  const { asOwner, ask, engine, platform, clock } = started
  const own = (await asOwner('GET', '/channels/main/key')).json().key
  const { id, key } = await keyOf(started, { note: ' Camera 2 ', expiresAt: moment(DAY) })
  const admission = admitted(await ask(key, { channel: 'main' }))
  assert.deepEqual([admission.channel.slug, admission.keyId, admission.objection()], ['main', id, undefined])
  assert.equal(admitted(await ask(own)).keyId, undefined)

  clock.now += 1000
  const channelId = platform.directory.findBySlug('main')?.id ?? ''
  engine.encoders.set(channelId, { keyId: id } as never)
  const list = await asOwner('GET', '/channels/main/keys')
  assert.deepEqual(list.json(), {
    own: { usedAt: moment(0) },
    keys: [
      {
        ...{ id, note: 'Camera 2', createdAt: moment(0), expiresAt: moment(DAY), usedAt: moment(0) },
        inUse: true,
      },
    ],
  })
  assert.equal(list.body.includes(key), false)
  assert.equal(list.headers['cache-control'], 'no-store')
  assert.equal((await asOwner('GET', `/channels/main/keys/${id}`)).json().key, key)
  assert.equal((await asOwner('POST', '/channels', { slug: 'second' })).statusCode, 201)
  assert.equal((await asOwner('GET', `/channels/second/keys/${id}`)).statusCode, 404)
  assert.equal((await asOwner('DELETE', `/channels/second/keys/${id}`)).statusCode, 404)
})

test('the last use of a key is noted once a minute', async (t) => {
  const started = await stage(t)
  const { asOwner, ask, clock } = started
  const { key } = await keyOf(started)
  const used = async () => (await asOwner('GET', '/channels/main/keys')).json().keys[0].usedAt
  assert.equal(await used(), null)
  await ask(key)
  clock.now += USE_INTERVAL - 1
  await ask(key)
  assert.equal(await used(), moment(0))
  clock.now += 1
  await ask(key)
  assert.equal(await used(), moment(USE_INTERVAL))
})

test('a revoked key is refused, and who has it may not go on; others may', async (t) => {
  const started = await stage(t)
  const { asOwner, ask, engine, platform } = started
  const [first, second] = [await keyOf(started), await keyOf(started)]
  const going = admitted(await ask(first.key))
  const staying = admitted(await ask(second.key))
  assert.equal((await asOwner('DELETE', `/channels/main/keys/${first.id}`)).statusCode, 204)
  assert.deepEqual(engine.calls, [`keys changed ${platform.directory.findBySlug('main')?.id}`])
  assert.equal(going.objection()?.code, 'stopped')
  assert.match(going.objection()?.reason ?? '', /revoked/)
  assert.equal(staying.objection(), undefined)
  assert.equal(refused(await ask(first.key)).code, 'wrong-key')
  for (const method of ['GET', 'DELETE'] as const)
    assert.equal((await asOwner(method, `/channels/main/keys/${first.id}`)).statusCode, 404)
})

test('a key expires while it is in use, and says when', async (t) => {
  const started = await stage(t)
  const { asOwner, ask, clock } = started
  const { id, key } = await keyOf(started, { expiresAt: moment(HOUR) })
  const admission = admitted(await ask(key))
  clock.now = start + HOUR - 1
  assert.equal(admission.objection(), undefined)
  clock.now++
  const reason = 'this stream key expired at 2026-03-04 06:06:07 UTC: make a new one in the studio'
  assert.deepEqual(admission.objection(), { code: 'expired', reason })
  assert.deepEqual(refused(await ask(key)), { code: 'expired', reason })
  const later = await asOwner('PATCH', `/channels/main/keys/${id}`, { expiresAt: moment(DAY), note: 'longer' })
  assert.deepEqual([later.json().expiresAt, later.json().note, later.json().key], [moment(DAY), 'longer', undefined])
  assert.equal(admission.objection(), undefined)
  assert.equal((await asOwner('PATCH', `/channels/main/keys/${id}`, { expiresAt: null })).json().expiresAt, null)
})

test('what cannot be is not made', async (t) => {
  const { asOwner } = await stage(t)
  for (const body of [
    { expiresAt: moment(0) },
    { expiresAt: 'tomorrow' },
    { expiresAt: start + DAY },
    { note: 'x'.repeat(101) },
    { note: 'two\nlines' },
    { key: 'of-my-own' },
  ]) {
    const reply = await asOwner('POST', '/channels/main/keys', body)
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'bad-request'], JSON.stringify(body))
  }
  assert.equal((await asOwner('POST', '/channels/nowhere/keys', {})).statusCode, 404)
})

test('a channel has so many further keys, also when they are asked for at once', async (t) => {
  const { asOwner, clock } = await stage(t)
  await asOwner('GET', '/instance')
  const replies = await Promise.all(
    Array.from({ length: KEYS_MAX + 5 }, () => asOwner('POST', '/channels/main/keys', {})),
  )
  assert.equal(replies.filter(({ statusCode }) => statusCode === 201).length, KEYS_MAX)
  clock.now += HOUR
  const { code, detail } = (await asOwner('POST', '/channels/main/keys', {})).json()
  assert.equal(code, 'limit')
  assert.match(detail, /20/)
})

test('keys and what was signed outlive a restart, and go with their channel', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const first = await stage(t, { dataDir })
  const { key } = await keyOf(first, { note: 'kept' })
  const signed = await signedOf(first)
  await first.ask(key)
  await first.stop()
  const second = await stage(t, { dataDir })
  admitted(await second.ask(key))
  const admission = admitted(await second.ask(signed))
  const { keys } = (await second.asOwner('GET', '/channels/main/keys')).json()
  assert.deepEqual([keys.length, keys[0].note, keys[0].usedAt], [1, 'kept', moment(0)])
  assert.equal((await second.asOwner('DELETE', '/channels/main')).statusCode, 204)
  assert.equal(admission.objection()?.code, 'stopped')
  assert.equal(refused(await second.ask(key)).code, 'wrong-key')
  assert.equal(refused(await second.ask(signed)).code, 'stopped')
})

test('who has a key of another channel than the address names is sent away', async (t) => {
  const started = await stage(t)
  const { asOwner, ask } = started
  await asOwner('POST', '/channels', { slug: 'second' })
  const { key } = await keyOf(started)
  for (const given of [key, await signedOf(started)]) {
    assert.equal(refused(await ask(given, { channel: 'second' })).code, 'forbidden')
    assert.equal(refused(await ask(given, { channel: 'nowhere' })).code, 'forbidden')
  }
  await asOwner('PATCH', '/channels/main', { slug: 'renamed' })
  assert.equal(admitted(await ask(key, { channel: 'main' })).channel.slug, 'renamed')
})

test('a signed key lets in until it expires; who is live goes on, until the time of the session is over', async (t) => {
  const started = await stage(t)
  const { ask, clock } = started
  const key = await signedOf(started, { expiresAt: moment(1500), sessionEndsAt: moment(HOUR) })
  const admission = admitted(await ask(key))
  assert.equal(admission.keyId, undefined)
  clock.now += 999
  admitted(await ask(key))
  clock.now++
  assert.deepEqual(refused(await ask(key)), {
    code: 'expired',
    reason: 'this publish address expired at 2026-03-04 05:06:08 UTC: make a new one in the studio',
  })
  assert.equal(admission.objection(), undefined)
  clock.now = start + HOUR
  assert.deepEqual(admission.objection(), {
    code: 'expired',
    reason:
      'the time of this publish address was over at 2026-03-04 06:06:07 UTC: make a new one in the studio to go on',
  })
})

test('a signed key is good from the addresses that it names', async (t) => {
  const started = await stage(t)
  const { ask } = started
  const key = await signedOf(started, { addresses: ['192.0.2.0/24', '2001:db8::/32'] })
  for (const remote of ['192.0.2.9', '::ffff:192.0.2.9', '2001:db8::7', '2001:db8::7%eth0'])
    admitted(await ask(key, { remote }))
  assert.deepEqual(refused(await ask(key, { remote: '198.51.100.1' })), {
    code: 'forbidden',
    reason: 'this publish address is for encoders at 192.0.2.0/24, 2001:db8::/32, and this one is at 198.51.100.1',
  })
  assert.equal(refused(await ask(key, { remote: '' })).code, 'forbidden')
})

test('revoking what was signed ends all of it, and what is signed afterwards is good', async (t) => {
  const started = await stage(t)
  const { asOwner, ask, engine } = started
  const before = await signedOf(started)
  const admission = admitted(await ask(before))
  const own = admitted(await ask((await asOwner('GET', '/channels/main/key')).json().key))
  assert.equal((await asOwner('DELETE', '/channels/main/signed-keys')).statusCode, 204)
  assert.equal(engine.calls.length, 1)
  assert.match(admission.objection()?.reason ?? '', /publish address was revoked/)
  assert.equal(own.objection(), undefined)
  assert.equal(refused(await ask(before)).code, 'expired')
  admitted(await ask(await signedOf(started)))
})

test('what cannot be signed is refused with what it takes', async (t) => {
  const { asOwner } = await stage(t)
  const expiresAt = moment(HOUR)
  const cases: [object, RegExp][] = [
    [{}, /expiresAt/],
    [{ expiresAt: moment(0) }, /has passed/],
    [{ expiresAt: '2107-01-01T00:00:00Z' }, /2106/],
    [{ expiresAt, sessionEndsAt: moment(-1) }, /has passed/],
    [{ expiresAt, addresses: ['everywhere'] }, /"everywhere"/],
    [{ expiresAt, addresses: Array(9).fill('10.0.0.1') }, /addresses/],
    [{ expiresAt, channel: 'other' }, /channel/],
  ]
  for (const [body, text] of cases) {
    const reply = await asOwner('POST', '/channels/main/signed-keys', body)
    assert.equal(reply.statusCode, 400, JSON.stringify(body))
    assert.match(reply.json().detail, text)
  }
})

test('a key that only looks signed is told apart from a wrong one', async (t) => {
  const { ask } = await stage(t)
  assert.match(refused(await ask('no-such-key')).reason, /wrong stream key/)
  const { code, reason } = refused(await ask('bs1.AAAA.BBBB'))
  assert.deepEqual([code, reason.includes('not signed by this server')], ['wrong-key', true])
})

test('no key is ever logged', async (t) => {
  const started = await stage(t)
  const { ask, logged } = started
  const { key } = await keyOf(started, { note: 'a note' })
  const signed = await signedOf(started)
  for (const given of [key, signed, 'a-wrong-key']) await ask(given)
  for (const secret of [key, signed, 'a-wrong-key'])
    assert.equal(
      logged.some((line) => line.includes(secret.slice(0, 8))),
      false,
    )
})

test('the hook is asked about keys that are good, may send elsewhere, and what it says counts as it is then', async (t) => {
  const heard: { channel: string; note: string | null; signed: boolean }[] = []
  let answer: object = { allow: true }
  let during = async () => {}
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push(JSON.parse(body).data)
    assert.equal(body.includes('bs1.'), false)
    await during()
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const publishHook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ...{ secret: randomBytes(32), timeoutMs: 20_000 },
  }
  const started = await stage(t, { settings: { ownerPassword: 'a password of the owner', publishHook } })
  const { asOwner, ask, platform } = started
  const { id, key } = await keyOf(started, { note: 'Camera 2' })
  const signed = await signedOf(started)
  await asOwner('POST', '/channels', { slug: 'second' })

  assert.equal(refused(await ask('a-wrong-key')).code, 'wrong-key')
  assert.equal(refused(await ask(signed, { channel: 'second' })).code, 'forbidden')
  assert.equal(heard.length, 0)
  assert.equal(admitted(await ask(key)).channel.slug, 'main')
  assert.equal(admitted(await ask(signed)).channel.slug, 'main')
  assert.deepEqual(
    heard.map((data) => [data.channel, data.note, data.signed]),
    [
      ['main', 'Camera 2', false],
      ['main', null, true],
    ],
  )
  answer = { allow: true, channel: 'second' }
  const elsewhere = admitted(await ask(key))
  assert.deepEqual([elsewhere.channel.slug, elsewhere.keyId], ['second', id])
  answer = { allow: true, channel: 'nowhere' }
  assert.equal(refused(await ask(key)).code, 'unavailable')
  answer = { allow: false, reason: 'not now' }
  assert.deepEqual(refused(await ask(key)), { code: 'forbidden', reason: 'not now' })

  answer = { allow: true }
  during = async () => void (await asOwner('DELETE', `/channels/main/keys/${id}`))
  assert.match(refused(await ask(key)).reason, /revoked/)
  assert.deepEqual(platform.publishHook(), {
    ...{ allowed: 3, redirected: 2, refused: 1, failed: 0, running: 0, waiting: 0 },
  })
  assert.equal((await asOwner('DELETE', '/channels/second')).statusCode, 204)
  assert.equal(elsewhere.objection()?.code, 'stopped')
})
