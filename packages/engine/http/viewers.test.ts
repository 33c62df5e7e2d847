import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest } from './message.ts'
import { clientAddress, createTrustProxy, createViewerCounter, viewerKey } from './viewers.ts'

const request = (headers: Record<string, string>, remoteAddress = '10.0.0.1') =>
  ({ headers, socket: { remoteAddress } }) as unknown as HttpRequest
const nobody = createTrustProxy([])

test('counts distinct players of a channel within the last 15 s', () => {
  let now = 0
  const viewers = createViewerCounter({ now: () => now })
  for (const key of ['a', 'b', 'a']) viewers.seen('main', key)
  viewers.seen('other', 'a')
  assert.equal(viewers.count('main'), 2)
  now = 10_000
  viewers.seen('main', 'b')
  viewers.seen('main', 'c')
  assert.equal(viewers.count('main'), 3)
  now = 15_001
  assert.equal(viewers.count('main'), 2)
  now = 26_000
  assert.equal(viewers.count('main'), 0)
  assert.equal(viewers.count('never'), 0)
})

test('remembers a bounded number of players, and room comes back when they leave', () => {
  let now = 0
  const viewers = createViewerCounter({ now: () => now, limit: 100 })
  for (let i = 0; i < 1_000; i++) viewers.seen(`ch${i % 3}`, `player ${i}`)
  assert.equal(viewers.count('ch0') + viewers.count('ch1') + viewers.count('ch2'), 100)
  now = 20_000
  for (let i = 0; i < 50; i++) viewers.seen('ch0', `new ${i}`)
  assert.equal(viewers.count('ch0'), 50)
})

test('keys do not collide in any number that matters', () => {
  const viewers = createViewerCounter({ now: () => 0 })
  for (let i = 0; i < 50_000; i++) viewers.seen('main', `10.0.${i >> 8}.${i & 255} Mozilla/5.0`)
  assert.equal(viewers.count('main'), 50_000)
})

test('a player is its CMCD session, else its playback session, else address and agent', () => {
  const agent = { 'user-agent': 'Player/1' }
  assert.equal(viewerKey(request({ ...agent, 'cmcd-session': 'cid="x",sid="abc",v=1' }), '', nobody), 'abc')
  assert.equal(viewerKey(request(agent), 'CMCD=bl%3D1%2Csid%3D%22abc%22&x=1', nobody), 'abc')
  assert.equal(viewerKey(request(agent), 'CMCD=%zz', nobody), '10.0.0.1 Player/1')
  assert.equal(viewerKey(request({ ...agent, 'x-playback-session-id': 'p' }), '', nobody), 'p')
  assert.equal(viewerKey(request(agent), '', nobody), '10.0.0.1 Player/1')
  assert.equal(viewerKey(request({}), '', nobody), '10.0.0.1 ')
})

test('X-Forwarded-For is believed from trusted proxies only, up to the first hop that is not one', () => {
  const trusted = createTrustProxy(['10.0.0.0/8', '::1', '192.168.1.1'])
  const headers = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.1.1.1' }
  assert.equal(clientAddress(request(headers), trusted), '203.0.113.9')
  assert.equal(clientAddress(request(headers, '::ffff:10.0.0.2'), trusted), '203.0.113.9')
  assert.equal(clientAddress(request(headers, '198.51.100.1'), trusted), '198.51.100.1')
  assert.equal(clientAddress(request(headers), nobody), '10.0.0.1')
  assert.equal(clientAddress(request({}), trusted), '10.0.0.1')
  assert.equal(clientAddress(request({ 'x-forwarded-for': 'unknown, 10.1.1.1' }), trusted), '10.1.1.1')
  // However many a client sends ahead: what the proxy appends counts.
  for (const length of [19, 20, 21, 1_000]) {
    const own = Array.from({ length }, () => '6.6.6.6').join(',')
    assert.equal(clientAddress(request({ 'x-forwarded-for': `${own}, 203.0.113.9` }), trusted), '203.0.113.9')
  }
  assert.throws(() => createTrustProxy(['nonsense']))
})
