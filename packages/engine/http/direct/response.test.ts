import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { DirectResponse } from './response.ts'

test('what is written after cork() goes out in one write with its head, and the answer is taken then', () => {
  const writes: string[] = []
  const socket = new Writable({
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join('|'))
      done()
    },
    write(chunk, _, done) {
      writes.push(String(chunk))
      done()
    },
  })
  const told: string[] = []
  const channel = {
    socket: socket as Socket,
    closingFields: () => '\r\n',
    ended: () => told.push('ended'),
    taken: () => told.push('taken'),
  }
  const response = new DirectResponse(channel, false)
  response.writeHead(200, ['Content-Length', '9'])
  response.cork()
  response.write(Buffer.from('one'))
  response.write(Buffer.from('two'))
  assert.deepEqual(writes, [])
  response.end(Buffer.from('six'))
  assert.deepEqual(writes, ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n|one|two|six'])
  assert.deepEqual(told, ['ended', 'taken'])
  assert.equal(socket.writableCorked, 0)
})
