import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs, {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createFolderReader } from './reader.ts'

function stage(t: TestContext) {
  const above = mkdtempSync(join(tmpdir(), 'bandstand-hls-'))
  t.after(() => rmSync(above, { recursive: true, force: true }))
  const folder = join(above, 'share')
  mkdirSync(folder)
  const reader = createFolderReader({ folder, playlistBytes: 100, fileBytes: 1_000, listed: 4 })
  const at = (name: string) => join(folder, name)
  const file = (name: string, range?: { start: number; length: number }) =>
    reader.look({ playlists: [], files: [{ name, ...(range !== undefined && { range }) }], list: false }).files[0]
  const playlist = (name: string) => reader.look({ playlists: [name], files: [], list: false }).playlists[0]
  return { above, folder, reader, at, file, playlist }
}

test('a file is read when it is the same in two looks, and again when it has changed', (t) => {
  const { at, file } = stage(t)
  assert.deepEqual(file('s0.ts'), { state: 'missing' })
  writeFileSync(at('s0.ts'), 'half')
  assert.equal(file('s0.ts')?.state, 'unsettled')
  appendFileSync(at('s0.ts'), ' and whole')
  assert.equal(file('s0.ts')?.state, 'unsettled')
  const found = file('s0.ts')
  assert.ok(found?.state === 'read')
  assert.equal(Buffer.from(found.bytes).toString(), 'half and whole')
  const again = file('s0.ts')
  assert.ok(again?.state === 'read' && again.version === found.version)
  writeFileSync(at('new'), 'another')
  renameSync(at('new'), at('s0.ts'))
  assert.equal(file('s0.ts')?.state, 'unsettled')
  const other = file('s0.ts')
  assert.ok(other?.state === 'read' && other.version !== found.version)
})

test('a playlist comes once for each of its states', (t) => {
  const { at, playlist } = stage(t)
  writeFileSync(at('out.m3u8'), '#EXTM3U\n')
  playlist('out.m3u8')
  assert.equal(playlist('out.m3u8')?.state, 'read')
  assert.equal(playlist('out.m3u8')?.state, 'same')
})

test('a range is read when the file reaches so far', (t) => {
  const { at, file } = stage(t)
  writeFileSync(at('all.mp4'), '0123456789')
  file('all.mp4')
  const found = file('all.mp4', { start: 3, length: 4 })
  assert.ok(found?.state === 'read' && Buffer.from(found.bytes).toString() === '3456')
  assert.equal(file('all.mp4', { start: 8, length: 4 })?.state, 'unsettled')
})

test('links that lead out, pipes, devices, folders and what is too large are not read, and said so', (t) => {
  const { above, at, file, playlist } = stage(t)
  writeFileSync(join(above, 'secret'), 'secret')
  mkdirSync(join(above, 'elsewhere'))
  writeFileSync(join(above, 'elsewhere', 's0.ts'), 'x')
  symlinkSync(join(above, 'secret'), at('link.ts'))
  symlinkSync(join(above, 'elsewhere'), at('folder'))
  symlinkSync('/dev/zero', at('zero.ts'))
  symlinkSync('loop', at('loop'))
  execFileSync('mkfifo', [at('pipe.ts')])
  mkdirSync(at('sub'))
  writeFileSync(at('large.ts'), 'x'.repeat(1_001))
  writeFileSync(at('large.m3u8'), 'x'.repeat(101))
  writeFileSync(at('inside.ts'), 'x')
  symlinkSync('inside.ts', at('fine.ts'))
  const table: [string, RegExp][] = [
    ['link.ts', /leads out/],
    ['folder/s0.ts', /leads out/],
    ['../secret', /leads out/],
    ['zero.ts', /leads out|ordinary/],
    ['loop', /cannot be read/],
    ['pipe.ts', /not an ordinary file/],
    ['sub', /not an ordinary file/],
    ['large.ts', /1001 bytes.*make the segments shorter/],
  ]
  for (const [name, reason] of table) {
    file(name)
    const found = file(name)
    assert.ok(found?.state === 'refused' && reason.test(found.reason), `${name}: ${JSON.stringify(found)}`)
  }
  playlist('large.m3u8')
  const found = playlist('large.m3u8')
  assert.ok(found?.state === 'refused' && /list fewer segments/.test(found.reason))
  file('fine.ts')
  assert.equal(file('fine.ts')?.state, 'read')
})

test('a folder that goes away says so, and is read when it is back', (t) => {
  const { folder, at, file, reader } = stage(t)
  writeFileSync(at('s0.ts'), 'x')
  file('s0.ts')
  assert.equal(file('s0.ts')?.state, 'read')
  renameSync(folder, `${folder}.away`)
  assert.equal(reader.look({ playlists: [], files: [{ name: 's0.ts' }], list: true }).failure, 'ENOENT')
  renameSync(`${folder}.away`, folder)
  assert.equal(file('s0.ts')?.state, 'read')
})

test('playlists are listed, and nothing that is hidden', (t) => {
  const { at, reader } = stage(t)
  for (const name of ['b.m3u8', 'a.M3U8', '.c.m3u8', 's.ts', 'd.m3u8', 'e.m3u8']) writeFileSync(at(name), '')
  const { listing } = reader.look({ playlists: [], files: [], list: true })
  assert.deepEqual(listing, ['a.M3U8', 'b.m3u8', 'd.m3u8', 'e.m3u8'])
})

test('of more playlists than are looked at it is the newest that are listed', (t) => {
  const { at, reader } = stage(t)
  for (let i = 0; i < 9; i++) {
    writeFileSync(at(`${i}.m3u8`), '#EXTM3U\n')
    // The broadcasts of nine days, 3 and 5 last.
    utimesSync(at(`${i}.m3u8`), 1_000 + i, i === 3 || i === 5 ? 9_000 : 1_000 + i)
  }
  assert.deepEqual(reader.look({ playlists: [], files: [], list: true }).listing, [
    '3.m3u8',
    '5.m3u8',
    '7.m3u8',
    '8.m3u8',
  ])
})

test('of folders in which files were found the newest are remembered, and no more', (t) => {
  const { at, file, reader } = stage(t)
  for (let i = 0; i < 40; i++) {
    mkdirSync(at(`hour${i}`))
    writeFileSync(at(`hour${i}/s.ts`), 'x')
    file(`hour${i}/s.ts`)
  }
  assert.ok(reader.folders.size <= 16)
  assert.ok([...reader.folders].at(-1)?.endsWith('hour39'))
})

test('a folder that is swapped for a link while a file in it is looked at leads nowhere', (t) => {
  const { above, at, file } = stage(t)
  mkdirSync(at('sub'))
  writeFileSync(at('sub/s0.ts'), 'inside')
  mkdirSync(join(above, 'elsewhere'))
  writeFileSync(join(above, 'elsewhere', 's0.ts'), 'secret')
  const { lstatSync, fstatSync, readlinkSync } = fs
  t.after(() => {
    Object.assign(fs, { lstatSync, fstatSync, readlinkSync })
    syncBuiltinESMExports()
  })
  let isSwapped = false
  const swap = (there: boolean) => {
    if (there === isSwapped) return
    isSwapped = there
    if (there) {
      renameSync(at('sub'), join(above, 'away'))
      symlinkSync(join(above, 'elsewhere'), at('sub'))
    } else {
      rmSync(at('sub'))
      renameSync(join(above, 'away'), at('sub'))
    }
  }
  for (const isBackSoon of [false, true]) {
    for (const hasProc of [true, false]) {
      let looks = 0
      Object.assign(fs, {
        // Of the path that has just been found good.
        lstatSync: (path: string) => {
          if (looks++ === 0) swap(true)
          return lstatSync(path)
        },
        // Once it is open.
        fstatSync: (fd: number) => {
          if (isBackSoon) swap(false)
          return fstatSync(fd)
        },
        readlinkSync: (path: string) => {
          if (!hasProc && path.startsWith('/proc/')) throw Object.assign(new Error('none'), { code: 'ENOENT' })
          return readlinkSync(path)
        },
      })
      syncBuiltinESMExports()
      for (let i = 0; i < 3; i++) {
        looks = 0
        assert.equal(file('sub/s0.ts')?.state, 'unsettled', `${isBackSoon} ${hasProc} ${i}`)
        swap(false)
      }
    }
  }
  Object.assign(fs, { lstatSync, fstatSync, readlinkSync })
  syncBuiltinESMExports()
  file('sub/s0.ts')
  const found = file('sub/s0.ts')
  assert.ok(found?.state === 'read' && Buffer.from(found.bytes).toString() === 'inside')
})
