import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { addressGroup, isLoopback } from './address.ts'
import { generatePassword, generateStreamKey, hashPassword, verifyPassword } from './password.ts'
import { type Action, isAllowed, ownerPolicy } from './principal.ts'
import { createRateLimit } from './rate-limit.ts'
import { createSecrets, loadSecret } from './secrets.ts'

test('the secret is made once, readable by its owner alone, and read again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'secret')
  const first = await loadSecret(path)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(Buffer.from(await loadSecret(path)), Buffer.from(first))
  assert.equal((await readFile(path, 'utf8')).trim().length, 64)
})

test('a damaged secret is refused, not replaced', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'secret')
  for (const text of ['', 'abc', 'g'.repeat(64)]) {
    await writeFile(path, text)
    await assert.rejects(loadSecret(path), { code: 'secret' })
    assert.equal(await readFile(path, 'utf8'), text)
  }
})

test('what is sealed opens only unchanged, with the same secret and for the same row', () => {
  const secrets = createSecrets(Buffer.alloc(32, 1))
  const sealed = secrets.seal('key ü', 'ch_1')
  assert.equal(secrets.unseal(sealed, 'ch_1'), 'key ü')
  assert.notEqual(secrets.seal('key ü', 'ch_1'), sealed)
  const bytes = Buffer.from(sealed, 'base64url')
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i] = (changed[i] ?? 0) ^ 1
    assert.throws(() => secrets.unseal(changed.toString('base64url'), 'ch_1'), { code: 'secret' })
    assert.throws(() => secrets.unseal(bytes.subarray(0, i).toString('base64url'), 'ch_1'), { code: 'secret' })
  }
  assert.throws(() => secrets.unseal(sealed, 'ch_2'), { code: 'secret' })
  assert.throws(() => createSecrets(Buffer.alloc(32, 2)).unseal(sealed, 'ch_1'), { code: 'secret' })
})

test('digests differ by purpose and by secret', () => {
  const secrets = createSecrets(Buffer.alloc(32, 1))
  const digest = secrets.digest('stream-key', 'a')
  assert.equal(secrets.verify('stream-key', 'a', digest), true)
  assert.equal(secrets.verify('stream-key', 'b', digest), false)
  assert.equal(secrets.verify('stream-key', 'a', ''), false)
  assert.notEqual(secrets.digest('session', 'a'), digest)
  assert.notEqual(createSecrets(Buffer.alloc(32, 2)).digest('stream-key', 'a'), digest)
})

test('a password is recognised, and no other', async () => {
  const hash = await hashPassword('correct horse', 10)
  assert.equal(await verifyPassword('correct horse', hash), true)
  assert.equal(await verifyPassword('correct horse ', hash), false)
  assert.notEqual(await hashPassword('correct horse', 10), hash)
})

test('a password costs what is safe where nothing else is asked for', async () => {
  const [scheme, cost] = (await hashPassword('correct horse')).split('$')
  assert.deepEqual([scheme, Number(cost)], ['scrypt', 15])
})

test('a hash that is not one opens nothing', async () => {
  for (const hash of [
    '',
    'plain',
    'scrypt$10$8$$',
    'scrypt$99$8$AAAA$AAAA',
    'scrypt$x$8$AAAA$AAAA',
    'scrypt$10$8$AAAA$',
  ]) {
    assert.equal(await verifyPassword('', hash), false, hash)
  }
})

test('made passwords and keys are long, different and safe to type', () => {
  assert.match(generatePassword(), /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/)
  assert.match(generateStreamKey(), /^[a-z2-9]{28}$/)
  assert.notEqual(generateStreamKey(), generateStreamKey())
})

test('strangers may watch and chat, and nothing else', async () => {
  const stranger = { kind: 'anonymous' } as const
  const forbidden: Action[] = [
    'channel.create',
    'channel.update',
    'channel.delete',
    'key.read',
    'key.rotate',
    'asset.delete',
  ]
  for (const action of forbidden)
    assert.equal(await isAllowed(ownerPolicy, stranger, action, { orgId: 'org_1' }), false, action)
  assert.equal(await isAllowed(ownerPolicy, stranger, 'channel.read', { orgId: 'org_1' }), true)
})

test('the owner may do nothing in another organisation', async () => {
  const owner = { kind: 'owner', orgId: 'org_1', sessionId: 'se_1', expiresAt: 0 } as const
  assert.equal(await isAllowed(ownerPolicy, owner, 'key.read', { orgId: 'org_1' }), true)
  assert.equal(await isAllowed(ownerPolicy, owner, 'key.read', { orgId: 'org_2' }), false)
})

test('a policy that fails or answers something else than true means no', async () => {
  const stranger = { kind: 'anonymous' } as const
  const failing = () => Promise.reject(new DOMException('down'))
  assert.equal(await isAllowed(failing, stranger, 'channel.read', { orgId: 'o' }), false)
  assert.equal(await isAllowed((() => 'yes') as never, stranger, 'channel.read', { orgId: 'o' }), false)
})

test('a rate allows its burst, then one each interval', () => {
  const limit = createRateLimit({ burst: 3, interval: 1000 }, 10)
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => limit.take('a', now)),
    [0, 0, 0, 1000],
  )
  assert.equal(limit.take('b', 0), 0)
  assert.equal(limit.take('a', 400), 600)
  assert.equal(limit.take('a', 1000), 0)
  assert.equal(limit.take('a', 1000), 1000)
  assert.deepEqual(
    [0, 0, 0, 0].map(() => limit.take('a', 60_000)),
    [0, 0, 0, 1000],
  )
})

test('names that are limited are bounded in number', () => {
  const limit = createRateLimit({ burst: 1, interval: 1000 }, 2)
  for (const name of ['a', 'b', 'c']) assert.equal(limit.take(name, 0), 0)
  assert.equal(limit.take('c', 0), 1000)
  assert.equal(limit.take('a', 0), 0)
})

test('an IPv6 customer counts as one address, an IPv4 address as itself', () => {
  assert.equal(addressGroup('192.0.2.7'), '192.0.2.7')
  assert.equal(addressGroup('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(addressGroup('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(addressGroup('2001:DB8:1:2::9'), '2001:db8:1:2::/64')
  assert.equal(addressGroup('2001:0db8::1'), '2001:db8:0:0::/64')
  assert.equal(addressGroup('::1'), '0:0:0:0::/64')
  assert.equal(addressGroup('fe80::1%eth0'), 'fe80:0:0:0::/64')
})

test('the machine itself is known by each of its addresses', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])
    assert.equal(isLoopback(address), true, address)
  for (const address of ['192.0.2.7', '2001:db8::1', '10.0.0.1', '']) assert.equal(isLoopback(address), false, address)
})
