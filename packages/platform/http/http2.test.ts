import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import Fastify, { type RawReplyDefaultExpression, type RawRequestDefaultExpression } from 'fastify'
import { sendError } from './register.ts'

test('a body that is too large is refused over HTTP/2 without a field that it does not have', async (t) => {
  const line = () => undefined
  const app = Fastify({ bodyLimit: 10 })
  app.setErrorHandler((error, request, reply) =>
    sendError(error, request, reply, { debug: line, info: line, warn: line, error: line }),
  )
  app.post('/', async () => 'taken')
  await app.ready()
  const server = createServer((req, res) =>
    app.routing(req as unknown as RawRequestDefaultExpression, res as unknown as RawReplyDefaultExpression),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(async () => {
    client.destroy()
    server.close()
    await app.close()
  })
  const warnings: Error[] = []
  const warned = (warning: Error) => void warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const stream = client.request({ ':method': 'POST', ':path': '/', 'content-type': 'application/json' })
  stream.end(JSON.stringify('x'.repeat(100)))
  const [headers] = await once(stream, 'response')
  stream.resume()
  await once(stream, 'end')
  assert.equal(headers[':status'], 413)
  assert.deepEqual(warnings, [])
})
