import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveStart, offsetOfDate, readListing, wholeStart, withStart } from './start.ts'

/** A live playlist of 2 s segments of 6 parts each; `keys` are the numbers of the parts with a key frame. */
function live(parts: number, keys: readonly number[], from = 0): string {
  const lines = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05']
  for (let part = from; part < parts; part++) {
    if (part % 6 === 0) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(1_000_000 + (part * 1000) / 3).toISOString()}`)
    lines.push(`#EXT-X-PART:DURATION=0.33333,URI="p${part}.m4s"${keys.includes(part) ? ',INDEPENDENT=YES' : ''}`)
    if (part % 6 === 5) lines.push('#EXTINF:2.00000,', `s${part}.m4s`)
  }
  return `${lines.join('\n')}\n`
}

const wanted = (at: number | undefined, parts = true) => ({ at, parts, distance: 0 })
const near = (value: number | undefined, expected: number) =>
  assert.ok(value !== undefined && Math.abs(value - expected) < 0.05, `${value} is not near ${expected}`)

test('the engine decides where each segment starts with a key frame', () => {
  assert.equal(liveStart(readListing(live(27, [0, 6, 12, 18, 24]))), undefined)
})

test('with key frames 8 s apart the start is the newest key frame before the hold-back point', () => {
  near(liveStart(readListing(live(46, [0, 25], 12))), (25 - 46) / 3)
})

test('a key frame newer than the hold-back point is too close to the edge to start at', () => {
  near(liveStart(readListing(live(52, [25, 50], 18))), (25 - 52) / 3)
})

test('where no key frame is old enough, the earliest one is the soonest picture', () => {
  near(liveStart(readListing(live(26, [25], 18))), -1 / 3)
})

test('near a hole the start is behind it: what is before it is old', () => {
  const hole = '#EXT-X-GAP\n#EXTINF:0.35,\ng6.m4s\n#EXT-X-DISCONTINUITY\n'
  const parts =
    '#EXT-X-PART:DURATION=0.33333,URI="p36.m4s",INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.33333,URI="p37.m4s"\n'
  near(liveStart(readListing(`${live(36, [0, 6, 12, 18, 24, 30])}${hole}${parts}`)), -2 / 3)
  assert.equal(liveStart(readListing(`${live(36, [0, 6, 12, 18, 24, 30])}${hole}`)), undefined)
})

test('shortly after a discontinuity the start is behind it', () => {
  const parts =
    '#EXT-X-PART:DURATION=0.33333,URI="p36.m4s",INDEPENDENT=YES\n#EXT-X-PART:DURATION=0.33333,URI="p37.m4s"\n'
  const old = live(36, [0, 6, 12, 18, 24, 30])
  near(liveStart(readListing(`${old}#EXT-X-DISCONTINUITY\n${parts}`)), -2 / 3)
})

test('without parts or without any known key frame the engine decides', () => {
  assert.equal(liveStart(readListing(live(26, [], 18))), undefined)
  assert.equal(liveStart(readListing('#EXTM3U\n#EXTINF:4,\na.m4s\n')), undefined)
})

const event = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:10.000Z
#EXTINF:4.0,
a.m4s
#EXTINF:4.0,
b.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:30.000Z
#EXTINF:4.0,
c.m4s
`

test('a date is found across an encoder that was away', () => {
  const listing = readListing(event)
  near(offsetOfDate(listing, 11_000), 1)
  near(offsetOfDate(listing, 17_000), 7)
  near(offsetOfDate(listing, 31_500), 9.5)
})

test('a date while the encoder was away gives the first frame after it', () => {
  near(offsetOfDate(readListing(event), 25_000), 8)
})

test('dates outside give the beginning and a moment before the end', () => {
  near(offsetOfDate(readListing(event), 0), 0)
  near(offsetOfDate(readListing(event), 99_000), 11.5)
})

test('the start is told by one tag, and replaces one that was there', () => {
  const text = withStart(event.replace('#EXTM3U\n', '#EXTM3U\n#EXT-X-START:TIME-OFFSET=1\n'), wanted(11_000))
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('#EXT-X-START')),
    ['#EXT-X-START:TIME-OFFSET=1.000,PRECISE=YES'],
  )
})

test('what the server says of the start costs low latency nothing', () => {
  const keys = Array.from({ length: 10 }, (_, segment) => 6 * segment)
  const text = live(57, keys).replace('#EXTM3U\n', '#EXTM3U\n#EXT-X-START:TIME-OFFSET=12.1\n')
  const edge = { at: undefined, parts: true, distance: 0 }
  assert.doesNotMatch(withStart(text, edge), /EXT-X-START/)
  // Whole segments are another matter: it leads out of a gap.
  assert.match(withStart(text, { ...edge, parts: false }), /TIME-OFFSET=12\.1/)
})

test('what is not a playlist is left alone', () => {
  assert.equal(withStart('<html>', wanted(5)), '<html>')
  assert.equal(withStart(event, wanted(undefined)), event)
})

test('whole segments of a young broadcast begin at its first one, not in the gaps before it', () => {
  const head =
    '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=12,PART-HOLD-BACK=1.05\n'
  const gaps = '#EXT-X-GAP\n#EXTINF:4.0,\ng0.m4s\n'.repeat(3)
  const young = `${head}${gaps}${'#EXT-X-PART:DURATION=2,URI="p.m4s",INDEPENDENT=YES\n#EXTINF:2.0,\ns.m4s\n'.repeat(3)}`
  near(wholeStart(readListing(young)), -6)
  assert.match(withStart(young, wanted(undefined, false)), /EXT-X-START:TIME-OFFSET=-5\.99/)
  const old = `${head}${gaps}${'#EXT-X-PART:DURATION=2,URI="p.m4s",INDEPENDENT=YES\n#EXTINF:2.0,\ns.m4s\n'.repeat(8)}`
  assert.equal(wholeStart(readListing(old)), undefined)
})

test('a player that keeps more distance than the playlist asks for starts that far back', () => {
  // Key frames far apart: the newest one that is old enough is taken.
  const text = live(58, [0, 24, 53])
  assert.match(withStart(text, { at: undefined, parts: true, distance: 0 }), /TIME-OFFSET=-1\.657/)
  assert.match(withStart(text, { at: undefined, parts: true, distance: 2.2 }), /TIME-OFFSET=-11\.323/)
})
