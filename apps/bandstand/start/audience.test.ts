import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { loadSettings } from '../settings/load.ts'
import { createAudience } from './audience.ts'

test('the chat knows the host that a page was asked of as the API does, behind a trusted proxy too', async (t) => {
  const trustProxy = ['10.0.0.0/8', '::1']
  const args = ['--trust-proxy', trustProxy.join(',')]
  const audience = createAudience(loadSettings({ args, env: {}, cwd: '/nonexistent' }).settings)
  const app = Fastify({ trustProxy })
  t.after(() => app.close())
  app.get('/', (request) => [audience.hostOf(request.raw), request.host])
  for (const [remoteAddress, forwarded, expected] of [
    ['10.1.2.3', 'live.example.org', 'live.example.org'],
    ['::ffff:10.1.2.3', 'forged.example, live.example.org:8443', 'live.example.org:8443'],
    ['::1', undefined, 'inner:8080'],
    ['::1', '', 'inner:8080'],
    ['192.0.2.1', 'live.example.org', 'inner:8080'],
  ] as const) {
    const headers = { host: 'inner:8080', ...(forwarded !== undefined && { 'x-forwarded-host': forwarded }) }
    assert.deepEqual((await app.inject({ url: '/', remoteAddress, headers })).json(), [expected, expected])
  }
})
