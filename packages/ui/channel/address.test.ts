import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addresses, serverOf, wholeAddress } from './address.ts'

const page = 'https://stage.example/@main?x'

test('the server counts a player in real time by the id that it has for HLS', () => {
  const { searchParams } = new URL(addresses.whep({ server: 'https://a.example', channel: 'main' }, '0a1b'))
  assert.equal(searchParams.get('CMCD'), 'sid="0a1b"')
})

test('a server is named by its address, or by one on the page’s own', () => {
  assert.deepEqual(
    ['https://other.example:8443/', 'https://other.example/live/', '/sub/'].map((server) => serverOf(server, page)),
    ['https://other.example:8443', 'https://other.example/live', 'https://stage.example/sub'],
  )
})

test('without a name, and with one that is no address, it is the server that the page came from', () => {
  for (const server of ['', null, undefined, 'https://', 'http://[', 'https://a b/']) {
    assert.equal(serverOf(server, page), 'https://stage.example', String(server))
  }
})

test('what an attribute names is looked for from the server on, and nothing where it names nothing', () => {
  const of = (written: string) => wholeAddress(written, 'https://stage.example/sub')
  assert.deepEqual(
    ['/live/main/thumbnail.jpg', 'still.jpg', 'https://cdn.example/a.png', 'https://', 'http://a b/c.png'].map(of),
    [
      'https://stage.example/live/main/thumbnail.jpg',
      'https://stage.example/sub/still.jpg',
      'https://cdn.example/a.png',
      ...[undefined, undefined],
    ],
  )
})
