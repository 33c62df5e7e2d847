import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { createFollower, type Follower, type FollowOptions } from './follow.ts'
import { HLS_LIMITS } from './limits.ts'
import { mediaPlaylist } from './testing/media.ts'

function parsed(text: string): MediaPlaylist {
  const found = parsePlaylist(text)
  assert.ok(found.kind === 'media')
  return found.playlist
}

function follow(text: string, options: Partial<FollowOptions> = {}): Follower {
  const follower = createFollower({ begin: 'listed', isOrdered: true, ...options })
  follower.update(parsed(text), 0)
  return follower
}

/** URIs of all that is to be read now, each read at once. */
function readAll(follower: Follower): string[] {
  const out: string[] = []
  for (let item = follower.next(); item !== undefined; item = follower.next()) {
    out.push(item.range === undefined ? item.uri : `${item.uri}@${item.range.start}+${item.range.length}`)
    follower.advance()
  }
  return out
}

test('segments are read in order, each once, and the list may move on', () => {
  const follower = follow(mediaPlaylist(0, 2))
  assert.deepEqual(readAll(follower), ['s0.m4s', 's1.m4s'])
  assert.deepEqual(follower.update(parsed(mediaPlaylist(0, 2)), 0), { restarted: false, lost: 0, grown: false })
  assert.deepEqual(follower.update(parsed(mediaPlaylist(1, 4)), 0), { restarted: false, lost: 0, grown: true })
  assert.deepEqual(readAll(follower), ['s2.m4s', 's3.m4s'])
  assert.equal(follower.ended, false)
  follower.update(parsed(mediaPlaylist(1, 5, { end: true })), 0)
  assert.deepEqual(readAll(follower), ['s4.m4s'])
  assert.equal(follower.ended, true)
})

test('a long list is begun three target durations from its end, one that may be old behind it', () => {
  assert.deepEqual(readAll(follow(mediaPlaylist(0, 1000))), ['s997.m4s', 's998.m4s', 's999.m4s'])
  const later = follow(mediaPlaylist(0, 1000), { begin: 'after-listed' })
  assert.deepEqual(readAll(later), [])
  later.update(parsed(mediaPlaylist(0, 1001)), 0)
  assert.deepEqual(readAll(later), ['s1000.m4s'])
})

test('segments that are gone are counted, and reading goes on with what is listed', () => {
  const follower = follow(mediaPlaylist(0, 2))
  readAll(follower)
  assert.deepEqual(follower.update(parsed(mediaPlaylist(7, 9)), 0), { restarted: false, lost: 5, grown: true })
  assert.deepEqual(readAll(follower), ['s7.m4s', 's8.m4s'])
})

test('behind a gap nothing more is lost that is still listed', () => {
  const follower = follow(mediaPlaylist(0, 2))
  readAll(follower)
  assert.equal(follower.update(parsed(mediaPlaylist(4, 14)), 0).lost, 2)
  assert.equal(readAll(follower).length, 10)
})

test('an encoder that begins anew is seen by numbers that fall, also where its names are the same', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  assert.deepEqual(follower.update(parsed(mediaPlaylist(0, 1)), 0), { restarted: true, lost: 0, grown: true })
  assert.deepEqual(readAll(follower), ['s0.m4s'])
})

test('an encoder that begins anew is seen by other segments under the same numbers', () => {
  const follower = follow(mediaPlaylist(0, 3))
  readAll(follower)
  const other = mediaPlaylist(0, 4).replaceAll('s2.m4s', 'other.m4s')
  assert.equal(follower.update(parsed(other), 0).restarted, true)
})

test('an older state out of a cache is passed over, until it is clear that it is none', () => {
  const follower = follow(mediaPlaylist(0, 5), { isOrdered: false })
  assert.deepEqual(readAll(follower), ['s2.m4s', 's3.m4s', 's4.m4s'])
  const older = () => follower.update(parsed(mediaPlaylist(0, 4)), 0)
  assert.deepEqual(older(), { restarted: false, lost: 0, grown: false })
  assert.deepEqual(readAll(follower), [])
  follower.update(parsed(mediaPlaylist(0, 6)), 0)
  assert.deepEqual(readAll(follower), ['s5.m4s'])
  older()
  older()
  assert.equal(older().restarted, true)
})

test('byte ranges go on where the one before ended, and maps hold until the next', () => {
  const follower = follow(
    [
      ...['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', '#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"'],
      ...['#EXTINF:1,', '#EXT-X-BYTERANGE:100@700', 'all.mp4', '#EXTINF:1,', '#EXT-X-BYTERANGE:50', 'all.mp4', ''],
    ].join('\n'),
  )
  assert.deepEqual(follower.next()?.map, { uri: 'all.mp4', range: { start: 0, length: 700 } })
  assert.deepEqual(readAll(follower), ['all.mp4@700+100', 'all.mp4@800+50'])
})

function withParts(sequence: number, whole: number, parts: number): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:9', '#EXT-X-TARGETDURATION:1', '#EXT-X-PART-INF:PART-TARGET=0.334']
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${sequence}`, '#EXT-X-MAP:URI="init.mp4"')
  const part = (of: number, i: number) => `#EXT-X-PART:DURATION=0.333,URI="p${of}.${i}.m4s"`
  for (let i = sequence; i < whole; i++) {
    // Parts are listed near the edge only.
    if (i >= whole - 1) lines.push(part(i, 0), part(i, 1), part(i, 2))
    lines.push('#EXTINF:1,', `s${i}.m4s`)
  }
  for (let i = 0; i < parts; i++) lines.push(part(whole, i))
  return `${lines.join('\n')}\n`
}

test('parts are read when they are listed, segments whole where nothing of them was', () => {
  const follower = follow(withParts(0, 2, 1))
  assert.equal(follower.pace, 0.334)
  assert.deepEqual(readAll(follower), ['s0.m4s', 's1.m4s', 'p2.0.m4s'])
  follower.update(parsed(withParts(0, 2, 2)), 0)
  assert.deepEqual(readAll(follower), ['p2.1.m4s'])
  follower.update(parsed(withParts(0, 3, 1)), 0)
  assert.deepEqual(readAll(follower), ['p2.2.m4s', 'p3.0.m4s'])
})

test('a segment whose parts are not listed any more is read whole for what is missing of it', () => {
  const follower = follow(withParts(0, 2, 1))
  readAll(follower)
  follower.update(parsed(withParts(0, 5, 0)), 0)
  assert.equal(follower.next()?.again, true)
  assert.deepEqual(readAll(follower), ['s2.m4s', 's3.m4s', 's4.m4s'])
})

test('an end without anything is no stream', () => {
  const follower = follow('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-ENDLIST\n')
  assert.equal(follower.next(), undefined)
  assert.equal(follower.ended, true)
})

test('numbers that leap further than could have been made meanwhile are a new beginning, and nothing is lost', () => {
  const follower = follow(mediaPlaylist(0, 2))
  readAll(follower)
  const epoch = 1_795_419_460
  const leapt = follower.update(parsed(mediaPlaylist(epoch, epoch + 3)), 10_000)
  assert.deepEqual(leapt, { restarted: true, lost: 0, grown: true })
  assert.equal(readAll(follower).length, 3)
  assert.equal(follower.update(parsed(mediaPlaylist(epoch + 10_000, epoch + 10_003)), 12_000).restarted, true)
  const before = follow(mediaPlaylist(0, 2))
  readAll(before)
  // A share that was away for a quarter of an hour.
  assert.equal(before.update(parsed(mediaPlaylist(902, 905)), 900_000).lost, 900)
})

test('of two encoders that write one playlist the one that began later is taken', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  assert.equal(follower.update(parsed(mediaPlaylist(0, 1)), 1_000).restarted, true)
  const taken = readAll(follower)
  for (let i = 1; i < 20; i++) {
    const older = follower.update(parsed(mediaPlaylist(i, i + 6)), i * 1_000 + 500)
    assert.deepEqual(older, { restarted: false, lost: 0, grown: false, isRival: true })
    const newer = follower.update(parsed(mediaPlaylist(Math.max(0, i - 5), i + 1)), (i + 1) * 1_000)
    assert.deepEqual(newer, { restarted: false, lost: 0, grown: true })
    taken.push(...readAll(follower))
  }
  assert.deepEqual(
    taken,
    Array.from({ length: 20 }, (_, i) => `s${i}.m4s`),
  )
  // Where the newer one falls silent, the older one goes on.
  const since = 20_000 + HLS_LIMITS.rivalQuietMs
  assert.equal(follower.update(parsed(mediaPlaylist(20, 26)), since - 500).isRival, true)
  assert.equal(follower.update(parsed(mediaPlaylist(21, 27)), since + 500).restarted, true)
  assert.ok(readAll(follower).includes('s26.m4s'))
})

test('an encoder that was started anew is none beside itself when it comes by its old numbers', () => {
  const follower = follow(mediaPlaylist(0, 3))
  readAll(follower)
  follower.update(parsed(mediaPlaylist(0, 1)), 1_000)
  for (let i = 2; i < 8; i++) {
    readAll(follower)
    const state = follower.update(parsed(mediaPlaylist(Math.max(0, i - 3), i)), i * 1_000)
    assert.deepEqual(state, { restarted: false, lost: 0, grown: true })
  }
})

test('where the newer of two encoders ends, the stream does not: the older one goes on at once', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  follower.update(parsed(mediaPlaylist(0, 1)), 1_000)
  assert.equal(follower.update(parsed(mediaPlaylist(1, 7)), 1_500).isRival, true)
  follower.update(parsed(mediaPlaylist(0, 2, { end: true })), 2_000)
  assert.deepEqual(readAll(follower), ['s0.m4s', 's1.m4s'])
  assert.equal(follower.ended, false)
  assert.equal(follower.update(parsed(mediaPlaylist(2, 8)), 2_500).restarted, true)
  assert.ok(readAll(follower).includes('s7.m4s'))
  follower.update(parsed(mediaPlaylist(3, 8, { end: true })), 3_500)
  assert.equal(follower.ended, true)
})

test('an encoder that was started anew and ends, ends the stream', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  follower.update(parsed(mediaPlaylist(0, 1)), 1_000)
  follower.update(parsed(mediaPlaylist(0, 2, { end: true })), 2_000)
  readAll(follower)
  assert.equal(follower.ended, true)
})

test('where both of two encoders say goodbye, the stream ends', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  follower.update(parsed(mediaPlaylist(0, 1)), 1_000)
  assert.equal(follower.update(parsed(mediaPlaylist(1, 7)), 1_500).isRival, true)
  assert.equal(follower.update(parsed(mediaPlaylist(1, 8, { end: true })), 2_500).isRival, true)
  follower.update(parsed(mediaPlaylist(0, 2, { end: true })), 3_000)
  assert.deepEqual(readAll(follower), ['s0.m4s', 's1.m4s'])
  assert.equal(follower.ended, true)
})

test('where the newer of two encoders ends and a third begins at numbers far off, nothing is lost', () => {
  const follower = follow(mediaPlaylist(0, 6))
  readAll(follower)
  follower.update(parsed(mediaPlaylist(0, 1)), 1_000)
  assert.equal(follower.update(parsed(mediaPlaylist(1, 7)), 1_500).isRival, true)
  follower.update(parsed(mediaPlaylist(0, 2, { end: true })), 2_000)
  readAll(follower)
  const epoch = 1_795_419_460
  const third = follower.update(parsed(mediaPlaylist(epoch, epoch + 2)), 5_000)
  assert.deepEqual(third, { restarted: true, lost: 0, grown: true })
})

test('under another name the same stream is gone on with, by its numbers', () => {
  const session = (from: number, to: number, more = {}) =>
    parsed(mediaPlaylist(from, to, more).replaceAll(/\bs(?=\d)/g, 'w7_s'))
  const follower = follow(mediaPlaylist(0, 4), { isOrdered: false })
  follower.next()
  follower.advance()
  assert.deepEqual(readAll(follower), ['s2.m4s', 's3.m4s'])
  follower.update(parsed(mediaPlaylist(2, 6)), 0)
  follower.moved()
  // What the old name listed last would be asked for under the new one.
  assert.equal(follower.next(), undefined)
  assert.deepEqual(follower.update(session(3, 7), 0), { restarted: false, lost: 0, grown: true })
  assert.deepEqual(readAll(follower), ['w7_s4.m4s', 'w7_s5.m4s', 'w7_s6.m4s'])
  follower.moved()
  assert.deepEqual(follower.update(session(9, 12), 0), { restarted: false, lost: 2, grown: true })
  assert.equal(readAll(follower).length, 3)
  follower.moved()
  assert.deepEqual(follower.update(session(9, 12), 0), { restarted: false, lost: 0, grown: false })
  assert.deepEqual(readAll(follower), [])
})

test('under another name smaller numbers, or any behind an end, are a new beginning, but one that has ended is not live', () => {
  const begun = (text: string, then: string) => {
    const follower = follow(text, { isOrdered: false })
    readAll(follower)
    follower.moved()
    assert.equal(follower.ended, false)
    const { restarted } = follower.update(parsed(then), 0)
    return [restarted, readAll(follower), follower.ended]
  }
  const three = ['s0.m4s', 's1.m4s', 's2.m4s']
  assert.deepEqual(begun(mediaPlaylist(90, 99), mediaPlaylist(0, 3)), [true, three, false])
  assert.deepEqual(begun(mediaPlaylist(0, 2, { end: true }), mediaPlaylist(0, 3)), [true, three, false])
  assert.deepEqual(begun(mediaPlaylist(90, 99), mediaPlaylist(0, 3, { end: true })), [true, [], true])
})
