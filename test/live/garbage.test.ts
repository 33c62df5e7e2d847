import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startBandstand } from '../support/bandstand.ts'
import { channelMaker } from '../support/channels.ts'

test('strangers who send garbage to every door, again and again, are a few lines in the log', async (t) => {
  const server = await startBandstand()
  t.after(() => server.stop())
  const channel = await (await channelMaker(server))('garbage')
  const { host, port } = new URL(server.http)
  const rtmp = Number(new URL(server.rtmp.replace('rtmp:', 'http:')).port)
  const before = server.log().length
  /** Resolves when the server has closed, or does not answer any more. */
  const throwAt = async (to: number, bytes: Buffer) => {
    const socket = connect(to, '127.0.0.1')
      .on('error', () => {})
      .resume()
    // Not `once` of `node:events`, for which a reset is a failure.
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.end(bytes)
    await closed
  }
  const head = (line: string, ...fields: string[]) =>
    Buffer.from([`${line} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n'))
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  // As a client that speaks the protocol, up to where it is not understood.
  const hello = Buffer.concat([Buffer.of(3), Buffer.alloc(2 * 1536)])
  for (let i = 0; i < 100; i++) {
    const bytes = randomBytes(3_000)
    await throwAt(rtmp, bytes)
    await throwAt(rtmp, Buffer.concat([hello, bytes]))
    await throwAt(Number(port), bytes)
    const chatKey = `Sec-WebSocket-Key: ${bytes.subarray(0, 16).toString('base64')}`
    const path = `/live/${channel.slug}/chat`
    await throwAt(Number(port), head(`GET ${path}`, ...upgrade, `Sec-WebSocket-Key: ${i}`))
    await throwAt(Number(port), Buffer.concat([head(`GET ${path}`, ...upgrade, chatKey), bytes]))
    const whep = { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: new Uint8Array(bytes) }
    await (await fetch(`${server.http}/live/${channel.slug}/whep`, whep)).arrayBuffer()
    const signIn = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"password":"guess"}' }
    await (await fetch(`${server.http}/api/v1/session`, signIn)).arrayBuffer()
  }
  // Two for each kind of refusal there is, of which a slow machine may take more than a minute's.
  const lines = server.log().slice(before)
  assert.ok(lines.length > 0 && lines.length < 30, lines.map((line) => JSON.stringify(line)).join('\n'))
})
