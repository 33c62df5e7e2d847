import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROCESS_LIMITS } from '@bandstand/engine/webrtc/limits.ts'
import { iceServersFor } from './ice-servers.ts'
import { settingsSchema } from './settings/schema.ts'
import { isTurnByTcp } from './settings/webrtc.ts'

const servers = 'stun:stun.example.org:3478, turn:turn.example.org:3478?transport=udp'

test('TURN servers come with the name and password that were set, STUN servers without', () => {
  const settings = settingsSchema.parse({ iceServers: servers, turnUsername: 'u', turnPassword: 'p' })
  assert.deepEqual(iceServersFor(settings, 0), [
    { url: 'stun:stun.example.org:3478' },
    { url: 'turn:turn.example.org:3478?transport=udp', username: 'u', credential: 'p' },
  ])
})

test('with a shared secret each viewer gets a password that runs out', () => {
  const settings = settingsSchema.parse({ iceServers: servers, turnSecret: 'a-shared-secret' })
  const [, turn] = iceServersFor(settings, 1_700_000_000_500)
  assert.deepEqual(turn, {
    url: 'turn:turn.example.org:3478?transport=udp',
    username: '1700086400',
    credential: 'LA5oDQtjg1wXrIvtI0UlzO3sKpY=',
  })
})

test('public addresses may be given as host names', () => {
  const { webrtcAddresses } = settingsSchema.parse({ webrtcAddresses: 'home.example.org, 2001:db8::7' })
  assert.deepEqual(webrtcAddresses, ['home.example.org', '2001:db8::7'])
})

test('TURN servers by TCP and TLS, with and without a port, by name and by address', () => {
  const urls = [
    'turn:t.example',
    'turn:t.example:3478?transport=tcp',
    'turns:192.0.2.7:443',
    'turns:[2001:db8::7]:443?transport=tcp',
  ]
  assert.deepEqual(settingsSchema.parse({ iceServers: urls.join() }).iceServers, urls)
})

test('TURN is reached by TCP where its address says so, and with TLS unless it says otherwise', () => {
  const byTcp = ['turn:t.example?transport=tcp', 'turns:t.example', 'turns:t.example:443?transport=tcp']
  const byUdp = ['turn:t.example', 'turn:t.example?transport=udp', 'turns:t.example?transport=udp', 'stuns:t.example']
  assert.deepEqual([...byTcp, ...byUdp].filter(isTurnByTcp), byTcp)
})

test('the viewers of one address leave others a way through the second port', () => {
  const { maxWebrtcViewersPerAddress } = settingsSchema.parse({})
  assert.ok(maxWebrtcViewersPerAddress * PROCESS_LIMITS.relaysPerPeer < PROCESS_LIMITS.relays)
})

for (const [name, value] of [
  ['iceServers', 'turn:x"; rel="evil'],
  ['iceServers', 'turn:turn.example.org:99999'],
  ['iceServers', 'turn:turn.example.org:0'],
  ['iceServers', 'turn::3478'],
  ['iceServers', 'turn:2001:db8::7:3478'],
  ['iceServers', 'turn:[2001:db8]:3478'],
  ['iceServers', 'stun:stun.example.org?transport=tcp'],
  ['iceServers', 'turn:turn.example.org?transport=tls'],
  ['iceServers', 'https://example.org'],
  ['webrtcAddresses', 'example'],
  ['webrtcAddresses', '203.0.113.300'],
  ['webrtcAddresses', 'https://example.org'],
  ['webrtc', 'nowhere'],
  ['turnPassword', 'a"b'],
] as const) {
  test(`${name} does not take ${value}`, () => {
    assert.equal(settingsSchema.safeParse({ [name]: value }).success, false)
  })
}
