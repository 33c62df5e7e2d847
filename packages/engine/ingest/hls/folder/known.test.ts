import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HLS_LIMITS } from '../limits.ts'
import { mediaPlaylist } from '../testing/media.ts'
import { createKnownPlaylists } from './known.ts'
import type { Found } from './messages.ts'

const read = (text: string): Found => ({ state: 'read', bytes: Buffer.from(text), version: text, stamp: 1 })
const master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv0/out.m3u8\n'

test('a playlist of yesterday counts from its first change on', () => {
  const known = createKnownPlaylists()
  assert.deepEqual(known.found('out.m3u8', read(mediaPlaylist(0, 5, { end: true }))), [])
  assert.deepEqual(known.found('out.m3u8', { state: 'same' }), [])
  assert.equal(known.found('out.m3u8', read(mediaPlaylist(0, 1)))[0]?.name, 'out.m3u8')
})

test('what is read once more without a change, as behind a thread that has failed, is not of now for it', () => {
  const known = createKnownPlaylists()
  for (const [name, text] of [
    ['out.m3u8', mediaPlaylist(0, 5, { end: true })],
    ['master.m3u8', master],
  ] as const) {
    assert.deepEqual(known.found(name, read(text)), [])
    assert.deepEqual(known.found(name, read(text)), [])
  }
  assert.deepEqual(known.found('v0/out.m3u8', read(mediaPlaylist(0, 1))), [])
})

test('a playlist that appears is followed at once', () => {
  const known = createKnownPlaylists()
  known.found('out.m3u8', { state: 'missing' })
  assert.equal(known.found('out.m3u8', read(mediaPlaylist(0, 1))).length, 1)
})

test('a multivariant playlist is followed together with the first of its playlists that changes', () => {
  const known = createKnownPlaylists()
  assert.deepEqual(known.found('master.m3u8', read(master)), [])
  assert.deepEqual(known.names, ['master.m3u8', 'v0/out.m3u8'])
  assert.deepEqual(known.found('v0/out.m3u8', read(mediaPlaylist(0, 1))), [])
  const states = known.found('v0/out.m3u8', read(mediaPlaylist(0, 2)))
  assert.deepEqual(
    states.map(({ name }) => name),
    ['master.m3u8', 'v0/out.m3u8'],
  )
  assert.deepEqual(
    known.found('v0/out.m3u8', read(mediaPlaylist(0, 3))).map(({ name }) => name),
    ['v0/out.m3u8'],
  )
  assert.deepEqual(
    known.found('master.m3u8', read(`${master}#x\n`)).map(({ name }) => name),
    ['master.m3u8'],
  )
})

test('what a multivariant playlist lists that appears while it is watched is new too', () => {
  const known = createKnownPlaylists()
  known.found('master.m3u8', { state: 'missing' })
  known.found('master.m3u8', read(master))
  assert.equal(known.found('v0/out.m3u8', read(mediaPlaylist(0, 1))).length, 2)
})

test('of a folder in which new multivariant playlists come and go no more is remembered than was listed', () => {
  const known = createKnownPlaylists()
  for (let i = 0; i < 200; i++) known.found(`${i}.m3u8`, read(master))
  assert.ok(new Set(known.names).size <= HLS_LIMITS.folderPlaylists + 1)
  for (let i = 0; i < 200; i++) known.found(`${i}.m3u8`, { state: 'missing' })
  assert.deepEqual(known.names, [])
})

test('a playlist of too many lines is not looked into', () => {
  const known = createKnownPlaylists()
  known.found('master.m3u8', read(master + '\n'.repeat(HLS_LIMITS.playlistLines)))
  assert.deepEqual(known.names, [])
})
