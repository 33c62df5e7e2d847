import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LaneIdentity, placeLanes } from './lanes.ts'

function brought(...playlists: readonly string[]): LaneIdentity[] {
  return playlists.map((playlist) => ({ role: 'brought', playlist, slots: ['video'] }))
}

/** Numbers after one list and then another. */
function placed(...lists: readonly (readonly LaneIdentity[])[]): [string, number][] {
  let known: (LaneIdentity & { number: number })[] = []
  for (const list of lists) {
    known = placeLanes(list, known).map(({ lane, number }) => ({ ...lane, number }))
  }
  return known.map(({ playlist, number }) => [playlist, number])
}

const main: LaneIdentity = { role: 'main', playlist: 'a', slots: ['video', 'audio'] }
const silent: LaneIdentity = { role: 'main', playlist: 'a', slots: ['video'] }
const sound: LaneIdentity = { role: 'audio', playlist: 'x', slots: ['audio'] }

test('a rendition keeps its number whatever is listed beside it', () => {
  assert.deepEqual(placed([main, ...brought('c')]), [
    ['a', 0],
    ['c', 2],
  ])
  assert.deepEqual(placed([main, ...brought('c')], [silent, sound, ...brought('b', 'c')]), [
    ['a', 0],
    ['x', 1],
    ['b', 3],
    ['c', 2],
  ])
  assert.deepEqual(placed([main, ...brought('b', 'c')], [main, ...brought('c')], [main, ...brought('c', 'd')]), [
    ['a', 0],
    ['c', 3],
    ['d', 2],
  ])
})

test('one that is another now is known to be, and of two under one name each has a number', () => {
  const isKnown = (lanes: readonly LaneIdentity[]) =>
    placeLanes(lanes, [{ ...main, number: 0 }]).map(({ number, known }) => [number, known !== undefined])
  assert.deepEqual(isKnown([main]), [[0, true]])
  assert.deepEqual(isKnown([silent]), [[0, false]])
  assert.deepEqual(isKnown([{ ...main, playlist: 'b' }, ...brought('a')]), [
    [0, false],
    [2, false],
  ])
  assert.deepEqual(placed(brought('b'), brought('b', 'b')), [
    ['b', 2],
    ['b', 3],
  ])
})
