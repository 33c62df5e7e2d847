import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iceServersOf } from './link.ts'

test('STUN and TURN servers are read with their credentials', () => {
  const header =
    '<stun:stun.example.net>; rel="ice-server", ' +
    '<turn:turn.example.net:3478?transport=udp>; rel="ice-server"; username="1700:viewer"; credential="a,b;c\\"d"; credential-type="password"'
  assert.deepEqual(iceServersOf(header), [
    { urls: 'stun:stun.example.net' },
    { urls: 'turn:turn.example.net:3478?transport=udp', username: '1700:viewer', credential: 'a,b;c"d' },
  ])
})

test('values without quotes are read too', () => {
  assert.deepEqual(iceServersOf('<turns:t.example:443>;rel=ice-server;username=u;credential=p'), [
    { urls: 'turns:t.example:443', username: 'u', credential: 'p' },
  ])
})

test('other links, other schemes and no header give nothing', () => {
  assert.deepEqual(iceServersOf(null), [])
  assert.deepEqual(iceServersOf('</live/main/sse>; rel="urn:ietf:params:whep:ext:core:server-sent-events"'), [])
  assert.deepEqual(iceServersOf('<http://turn.example.net>; rel="ice-server", <turn:a b>; rel="ice-server"'), [])
})

test('a TURN server without name or password, which a browser would throw for, is passed over', () => {
  const header =
    '<turn:a.example>; rel="ice-server", <turns:b.example>; rel="ice-server"; username="u", <stun:c.example>; rel="ice-server"'
  assert.deepEqual(iceServersOf(header), [{ urls: 'stun:c.example' }])
  const empty = '<turn:a.example>; rel="ice-server"; username=""; credential="p"; credential-type="password"'
  assert.deepEqual(iceServersOf(empty), [])
})

test('addresses by TCP and TLS are passed on as they are', () => {
  const header =
    '<turn:t.example:3478?transport=tcp>; rel="ice-server"; username="u"; credential="p"; credential-type="password", ' +
    '<turns:t.example:443?transport=tcp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"'
  assert.deepEqual(
    iceServersOf(header).map(({ urls }) => urls),
    ['turn:t.example:3478?transport=tcp', 'turns:t.example:443?transport=tcp'],
  )
})

test('a server that names very many is not believed', () => {
  const header = Array.from({ length: 50 }, (_, i) => `<stun:s${i}.example>; rel="ice-server"`).join(', ')
  assert.equal(iceServersOf(header).length, 8)
})
