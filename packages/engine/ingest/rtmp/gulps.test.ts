import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createGulps } from './gulps.ts'
import { until } from './testing/fake-port.ts'

const INTERVAL = 100

/** Both ends of a connection whose accepted end is read in gulps, and every `data` event of it. */
async function setUp(t: TestContext) {
  const gulps = createGulps(INTERVAL)
  const server = createServer({ highWaterMark: 1, noDelay: true })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const chunks: Buffer[] = []
  const state = { isUrgent: false }
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.on('close', () => gulps.end(socket))
  client.on('error', () => {})
  t.after(() => {
    gulps.end(socket)
    client.destroy()
    socket.destroy()
    server.close()
  })
  gulps.begin(socket, () => state.isUrgent)
  // With the first gulp: until then it flows.
  await until(() => socket.isPaused(), 'the first gulp')
  const bytes = () => Buffer.concat(chunks).toString('latin1')
  return { gulps, client, socket, chunks, state, bytes }
}

/** Writes the letters one by one, 5 ms apart. */
async function dribble(client: Socket, letters: string): Promise<void> {
  for (const letter of letters) {
    client.write(letter)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Writes them one by one, each in a turn of the event loop of its own: on a busy machine 5 ms may be those of a gulp. */
async function hurry(client: Socket, letters: string): Promise<void> {
  for (const letter of letters) {
    client.write(letter)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz'

test('many small writes become few chunks, in order', async (t) => {
  const { client, chunks, bytes } = await setUp(t)
  await hurry(client, letters)
  await until(() => bytes().length === letters.length, 'all bytes')
  assert.equal(bytes(), letters)
  assert.ok(chunks.length < letters.length / 2, `${chunks.length} chunks`)
})

test('what comes in a flood is not held back', async (t) => {
  const { client, bytes } = await setUp(t)
  const flood = Buffer.alloc(8 << 20, letters)
  const begun = performance.now()
  client.write(flood)
  await until(() => bytes().length === flood.byteLength, 'all bytes')
  // One read for each gulp would have taken thirteen seconds.
  const gulpsTaken = (performance.now() - begun) / INTERVAL
  assert.ok(gulpsTaken < (flood.byteLength / 65_536) * 0.9, `${gulpsTaken} gulps`)
  assert.equal(bytes(), flood.toString('latin1'))
})

test('who is in a hurry is given bytes as they come', async (t) => {
  const { client, socket, chunks, state, bytes } = await setUp(t)
  state.isUrgent = true
  await until(() => !socket.isPaused(), 'the next gulp')
  client.write('0')
  await until(() => bytes() === '0', 'the first byte')
  const before = chunks.length
  await dribble(client, letters)
  await until(() => bytes().length === letters.length + 1, 'all bytes')
  assert.ok(chunks.length - before > letters.length / 2, `${chunks.length - before} chunks`)
  state.isUrgent = false
  await until(() => socket.isPaused(), 'gulps again')
  const again = chunks.length
  await hurry(client, letters)
  await until(() => bytes().length === 2 * letters.length + 1, 'all bytes again')
  assert.ok(chunks.length - again < letters.length / 2, `${chunks.length - again} chunks`)
})

test('the last bytes before an end come before it', async (t) => {
  const { client, socket, bytes } = await setUp(t)
  await dribble(client, 'abc')
  client.end('d')
  await once(socket, 'close')
  assert.equal(bytes(), 'abcd')
})

test('after the end of gulps the socket flows, with what had been kept', async (t) => {
  const { client, socket, gulps, bytes } = await setUp(t)
  // Kept by the socket: the first bytes after a gulp.
  await dribble(client, 'abc')
  gulps.end(socket)
  await until(() => bytes() === 'abc', 'what was kept')
  client.write('d')
  await until(() => bytes() === 'abcd', 'what came after')
  assert.equal(socket.isPaused(), false)
})

test('who ends gulps while it is given bytes may pause the socket for itself', async (t) => {
  const { client, socket, gulps, bytes } = await setUp(t)
  // A read that says that more is waiting.
  const onData = (chunk: Buffer) => {
    if (chunk.byteLength < 65_536) return
    socket.off('data', onData)
    gulps.end(socket)
    socket.pause()
  }
  socket.on('data', onData)
  client.write(Buffer.alloc(1 << 20, 'x'))
  await until(() => bytes().length >= 65_536, 'a full read')
  const { length } = bytes()
  await new Promise((resolve) => setTimeout(resolve, 2 * INTERVAL))
  assert.deepEqual([bytes().length, socket.isPaused()], [length, true])
})
