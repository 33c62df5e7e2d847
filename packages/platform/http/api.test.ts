import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from '@bandstand/contract/errors.ts'
import { startPlatform } from '../testing/start.ts'

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: object
  }[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
  readonly security: readonly unknown[]
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

test('the description is OpenAPI 3.1 and every reference in it leads somewhere', async (t) => {
  const { app } = await startPlatform(t)
  const reply = await app.inject('/api/v1/openapi.json')
  const document: Document = reply.json()
  assert.match(document.openapi, /^3\.1\.\d+$/)
  assert.ok(document.info.title && document.info.version)
  const ids = new Set<string>()
  for (const [path, item] of Object.entries(document.paths)) {
    assert.match(path, /^\/api\/v1\//)
    for (const [method, operation] of Object.entries(item)) {
      const at = `${method} ${path}`
      assert.ok(['get', 'put', 'post', 'patch', 'delete'].includes(method), at)
      assert.equal(ids.has(operation.operationId), false, at)
      ids.add(operation.operationId)
      assert.ok(operation.summary && operation.tags.length === 1, at)
      const named = (operation.parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name)
      assert.deepEqual(
        named.sort((a, b) => a.localeCompare(b)),
        [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '').sort((a, b) => a.localeCompare(b)),
        at,
      )
      for (const parameter of operation.parameters ?? [])
        assert.ok(parameter.schema && (parameter.in !== 'path' || parameter.required), at)
      assert.ok(
        Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status)),
        at,
      )
      for (const response of Object.values(operation.responses)) assert.ok(response.description, at)
      assert.ok(Array.isArray(operation.security), at)
    }
  }
  const text = JSON.stringify(document)
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(document.components.schemas[name ?? ''], name)
  assert.equal(text.includes('$defs'), false)
})

test('headers of answers are described, and clients made from the description take answers with more in them', async (t) => {
  const { app } = await startPlatform(t)
  const document = (await app.inject('/api/v1/openapi.json')).json()
  const headers = (method: string, path: string, status: number) =>
    Object.keys(document.paths[`/api/v1${path}`][method].responses[status]?.headers ?? {}).join()
  assert.equal(headers('get', '/channels/{slug}', 200), 'ETag')
  assert.equal(headers('get', '/channels/{slug}', 304), 'ETag')
  assert.equal(headers('post', '/session', 201), 'Set-Cookie')
  assert.equal(headers('delete', '/session', 204), 'Set-Cookie')
  assert.equal(headers('post', '/session', 429), 'Retry-After')
  const { schemas } = document.components
  for (const name of ['Channel', 'ChatSettings', 'LadderSettings', 'Rung', 'Problem'])
    assert.equal(schemas[name].additionalProperties, undefined, name)
  for (const name of ['CreateChannel', 'UpdateChannel', 'SignIn'])
    assert.equal(schemas[name].additionalProperties, false, name)
})

test('every described operation exists, and none that changes something or tells a secret is open to strangers', async (t) => {
  const { app } = await startPlatform(t)
  const document: Document = (await app.inject('/api/v1/openapi.json')).json()
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const url = path
        .replace('{slug}', 'main')
        .replace('{id}', 'as_1')
        .replace('{name}', `${'0'.repeat(16)}.png`)
      const reply = await app.inject({ method: method.toUpperCase() as 'GET', url })
      assert.notEqual(reply.statusCode, 405, `${method} ${path}`)
      assert.doesNotMatch(reply.body, /there is nothing at this address/, `${method} ${path}`)
      const open = operation.security.length === 0
      if (open) assert.notEqual(reply.statusCode, 401, `${method} ${path}`)
      else assert.equal(reply.statusCode, 401, `${method} ${path}`)
      assert.equal(
        open,
        method === 'get'
          ? !/key|health|bans|instance|ladder|multitrack|api\/v1\/assets$/.test(path)
          : /\/session$|v1\/multitrack$/.test(path),
        `${method} ${path}`,
      )
      if (reply.statusCode >= 400) problem.parse(reply.json())
    }
  }
})

test('every failure is a problem that says nothing of the inside', async (t) => {
  const { app, asOwner, engine } = await startPlatform(t)
  engine.health = () => {
    throw new DOMException('inner detail')
  }
  const json = { 'content-type': 'application/json' }
  const cases = [
    [await app.inject('/api/v1/nothing'), 404, 'not-found'],
    [await app.inject('/api/v1/channels/%E0%A4%A'), 400, 'bad-request'],
    [await app.inject('/api/v1/channels/NO'), 404, 'not-found'],
    [await app.inject({ method: 'POST', url: '/nothing', headers: json, payload: '{' }), 404, 'not-found'],
    [await app.inject({ method: 'PUT', url: '/api/v1/channels/main' }), 405, 'method-not-allowed'],
    [await app.inject({ method: 'POST', url: '/api/v1/session', headers: json, payload: '{' }), 400, 'bad-request'],
    [
      await app.inject({ method: 'POST', url: '/api/v1/session', headers: json, payload: '{"__proto__":{}}' }),
      400,
      'bad-request',
    ],
    [await app.inject({ method: 'POST', url: '/api/v1/session' }), 400, 'bad-request'],
    [
      await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password: 'x'.repeat(70_000) } }),
      413,
      'too-large',
    ],
    [await asOwner('GET', '/assets?limit=1000'), 400, 'bad-request'],
    [await asOwner('GET', '/channels/main/health'), 500, 'internal'],
  ] as const
  for (const [reply, status, code] of cases) {
    assert.equal(reply.statusCode, status, code)
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/)
    const body = problem.parse(reply.json())
    assert.deepEqual([body.status, body.code], [status, code])
    assert.doesNotMatch(reply.body, /inner detail|\.ts|at [A-Z]\w+ \(/)
  }
})

test('pages of other sites read what is public, its failures too, and nothing else', async (t) => {
  const { app, asOwner } = await startPlatform(t)
  const allowed = async (url: string) => {
    const reply = await app.inject({ url: `/api/v1${url}`, headers: { origin: 'https://other.example' } })
    return [reply.statusCode, reply.headers['access-control-allow-origin']]
  }
  assert.deepEqual(await allowed('/channels/main'), [200, '*'])
  assert.deepEqual(await allowed('/channels/nowhere'), [404, '*'])
  assert.deepEqual(await allowed('/channels/NO'), [404, '*'])
  assert.deepEqual(await allowed('/assets/as_1'), [404, '*'])
  assert.deepEqual(await allowed('/channels/main/key'), [401, undefined])
  assert.equal((await asOwner('GET', '/channels/main/key')).headers['access-control-allow-origin'], undefined)
  assert.deepEqual(await allowed('/session'), [200, undefined])
})

test('a policy that cannot be asked opens nothing', async (t) => {
  const { app } = await startPlatform(t, { authorize: () => Promise.reject(new DOMException('down')) })
  assert.equal((await app.inject('/api/v1/channels/main')).statusCode, 401)
})

test('the policy is asked once for a request, reading or writing', async (t) => {
  const asked: string[] = []
  const { app } = await startPlatform(t, { authorize: (_principal, action) => asked.push(action) > 0 })
  await app.inject('/api/v1/channels/main')
  await app.inject({ method: 'PATCH', url: '/api/v1/channels/main', payload: { title: 'Once' } })
  assert.deepEqual(asked, ['channel.read', 'channel.update'])
})

test('one who changes too much too fast waits', async (t) => {
  // The clock stands: while it goes on, every half second allows one more, however long a busy machine takes for all.
  const now = Date.now()
  const { app } = await startPlatform(t, { now: () => now })
  const replies = await Promise.all(
    Array.from({ length: 70 }, () => app.inject({ method: 'DELETE', url: '/api/v1/channels/main' })),
  )
  assert.equal(replies.filter((reply) => reply.statusCode === 429).length >= 8, true)
})

test('the description for people needs nothing from elsewhere and no script', async (t) => {
  const { app } = await startPlatform(t)
  const page = await app.inject('/api/docs')
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*script-src 'self'/)
  assert.doesNotMatch(page.body, /<script|style=|https?:\/\//)
  assert.match(page.body, /POST \/api\/v1\/channels\/\{slug\}\/key\/rotate/)
  assert.equal((await app.inject('/api/docs.css')).statusCode, 200)
  const targets = [...page.body.matchAll(/href="#([^"]+)"/g)].map((m) => m[1])
  for (const target of targets) assert.ok(page.body.includes(`id="${target}"`), target)
})
