import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { type PlaylistRule, playlistRules } from './issue.ts'
import { parsePlaylist } from './parse.ts'
import { printMediaPlaylist, printMultivariant } from './print.ts'
import { brokenTexts, head, lowLatency, multivariant, partsHead } from './samples.ts'

test('a printed media playlist is read back as the same value, without an issue', () => {
  const parsed = parsePlaylist(printMediaPlaylist(lowLatency))
  assert.equal(parsed.kind, 'media')
  assert.deepEqual(parsed.issues, [])
  assert.equal(printMediaPlaylist(parsed.playlist as never), printMediaPlaylist(lowLatency))
})

test('a printed multivariant playlist is read back as the same value, without an issue', () => {
  const parsed = parsePlaylist(printMultivariant(multivariant))
  assert.equal(parsed.kind, 'multivariant')
  assert.deepEqual(parsed.issues, [])
  assert.equal(printMultivariant(parsed.playlist as never), printMultivariant(multivariant))
})

test('reads what other packagers write: CRLF, comments, unknown tags and attributes, keys', () => {
  const parsed = parsePlaylist(
    [
      '#EXTM3U',
      '# made by somebody',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:6',
      '#EXT-X-SOMETHING-NEW:A=1',
      '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x1',
      '#EXT-X-MAP:URI="i.mp4",X-OTHER="1,2"',
      '',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.5+0100',
      '#EXTINF:6,a, title',
      'a.m4s?x=1',
      '#EXT-X-BYTERANGE:10@0',
      '#EXTINF:6.4,',
      'b.m4s',
      '#EXT-X-BYTERANGE:10',
      '#EXTINF:6.4,',
      'b.m4s',
    ].join('\r\n'),
  )
  assert.equal(parsed.kind, 'media')
  assert.deepEqual(parsed.issues, [])
  assert.ok(parsed.kind === 'media')
  assert.equal(parsed.encrypted, true)
  const [a, b, c] = parsed.playlist.segments
  assert.equal(a?.programDateTime, Date.UTC(2026, 0, 2, 2, 4, 5, 500))
  assert.equal(a?.title, 'a, title')
  assert.equal(a?.uri, 'a.m4s?x=1')
  assert.deepEqual(b?.byteRange, { length: 10, start: 0 })
  assert.deepEqual(c?.byteRange, { length: 10 })
})

for (const rule of Object.keys(playlistRules) as PlaylistRule[]) {
  test(`reports ${rule}, and nothing else`, () => {
    for (const text of brokenTexts[rule]) {
      const found = parsePlaylist(text).issues.map((i) => i.rule)
      assert.deepEqual([...new Set(found)], [rule], JSON.stringify(text))
    }
  })
}

test('short parts are allowed at the end of a segment, with a key frame, and around gaps', () => {
  const short = (attributes: string) => `#EXT-X-PART:URI="a",DURATION=0.1${attributes}\n`
  const full = '#EXT-X-PART:URI="b",DURATION=0.34\n'
  for (const text of [
    `${full}${short('')}#EXTINF:0.44,\ns\n`,
    `${short(',INDEPENDENT=YES')}${full}`,
    `${short(',GAP=YES')}${full}`,
    `${short('')}#EXT-X-PART:URI="c",DURATION=0.34,GAP=YES\n${full}`,
    short(''),
  ]) {
    assert.deepEqual(parsePlaylist(partsHead + text).issues, [], text)
  }
})

test('EXT-X-ENDLIST may stand anywhere, and a report leaves out what its own playlist says too', () => {
  const ended = parsePlaylist(`${head}#EXT-X-ENDLIST\n#EXTINF:4,\na\n`)
  assert.ok(ended.kind === 'media' && ended.playlist.endList && ended.playlist.segments.length === 1)
  assert.deepEqual(ended.issues, [])
  assert.deepEqual(parsePlaylist(`${head}#EXT-X-RENDITION-REPORT:URI="a"\n`).issues, [])
})

test('names the line of an issue', () => {
  assert.deepEqual(parsePlaylist(`${head}\n# c\n#EXTINF:x,\na\n`).issues, [
    { rule: 'tag-value', line: 6, message: 'EXTINF must begin with a decimal number' },
  ])
})

test('keeps a bounded number of issues and counts the rest', () => {
  const parsed = parsePlaylist(head + 'a\n'.repeat(1000))
  assert.equal(parsed.issues.length, 200)
  assert.equal(parsed.droppedIssues, 800)
})

test('refuses what exceeds the limits, before reading it', () => {
  const tooLarge = (e: unknown) => e instanceof MediaError && e.code === 'too-large'
  assert.throws(() => parsePlaylist('#EXTM3U\n' + 'a'.repeat(20_000)), tooLarge)
  assert.throws(() => parsePlaylist('\n'.repeat(500_000)), tooLarge)
  assert.throws(() => parsePlaylist('a\n'.repeat(9_000_000)), tooLarge)
})

test('text cut anywhere is read without throwing', () => {
  for (const text of [printMediaPlaylist(lowLatency), printMultivariant(multivariant)]) {
    for (let end = 0; end <= text.length; end++) parsePlaylist(text.slice(0, end))
  }
})

test('a hostile attribute list takes linear time', () => {
  const line = `#EXT-X-MAP:${'A="'.repeat(5_000)}`
  const started = performance.now()
  parsePlaylist(head + `${line}\n`.repeat(100))
  assert.ok(performance.now() - started < 20_000)
})
