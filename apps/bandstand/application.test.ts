import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Platform } from '@bandstand/platform/platform.ts'
import { createApplication } from './application.ts'
import { loadSettings } from './settings/load.ts'

test('a page that fails is a problem document, and a line in the log that says why', async (t) => {
  const logged: unknown[] = []
  const line = () => undefined
  const application = await createApplication({
    settings: loadSettings({ args: [], env: {}, cwd: '/nonexistent' }).settings,
    platform: {
      register: async () => undefined,
      pages: {
        channels: () => assert.fail('what went wrong'),
        channel: () => undefined,
        asset: async () => undefined,
      },
    } satisfies Pick<Platform, 'register' | 'pages'> as unknown as Platform,
    probes: { register: line, ready: line },
    log: { debug: line, info: line, warn: line, error: (fields: object) => logged.push(fields) },
    hasPictures: false,
    sizeOf: async () => undefined,
  })
  const server = createServer(application.handle).listen(0, '127.0.0.1')
  t.after(async () => {
    server.close()
    await application.close()
  })
  await once(server, 'listening')
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  assert.equal(answer.status, 500)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const body = await answer.text()
  assert.equal(JSON.parse(body).code, 'internal')
  assert.doesNotMatch(body, /what went wrong/)
  assert.match(String((logged[0] as { err: Error }).err), /what went wrong/)
})
