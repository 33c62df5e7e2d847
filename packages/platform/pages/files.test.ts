import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createFileReader, isPlainPath } from './files.ts'
import { CACHED_FILES, LARGE_FILE, STAT_EVERY } from './limits.ts'

let folder = ''
let site = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'site-'))
  site = join(folder, 'site')
  await mkdir(join(site, 'deep'), { recursive: true })
  await writeFile(join(site, 'style.css'), 'a{}')
  await writeFile(join(site, 'deep', 'logo.svg'), '<svg/>')
  await writeFile(join(site, '.env'), 'secret')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await symlink(join(folder, 'secret.txt'), join(site, 'out.txt'))
})
after(() => rm(folder, { recursive: true }))

test('files below the folder are served with their type', async () => {
  const files = createFileReader(site)
  assert.equal((await files.read('style.css'))?.type, 'text/css; charset=utf-8')
  assert.equal((await files.read('deep/logo.svg'))?.body?.toString(), '<svg/>')
})

test('nothing outside the folder and nothing hidden is served', async () => {
  const files = createFileReader(site)
  for (const path of [
    '../secret.txt',
    'deep/../../secret.txt',
    '.env',
    'deep/../.env',
    '/etc/passwd',
    'out.txt',
    'deep',
    '',
    'a\0b',
    '..\\secret.txt',
    'C:/x',
    'deep//logo.svg',
  ]) {
    assert.equal(await files.read(path), undefined, path)
  }
})

test('a changed file is noticed after the check interval, and not before', async () => {
  let now = 1000
  const files = createFileReader(site, () => now)
  assert.equal((await files.read('style.css'))?.body?.toString(), 'a{}')
  await writeFile(join(site, 'style.css'), 'b{color:red}')
  await utimes(join(site, 'style.css'), 1, 1)
  assert.equal((await files.read('style.css'))?.body?.toString(), 'a{}')
  now += STAT_EVERY
  assert.equal((await files.read('style.css'))?.body?.toString(), 'b{color:red}')
})

test('names under which there is nothing push no file out of memory, and are looked at again', async () => {
  let now = 1000
  const files = createFileReader(site, () => now)
  const held = await files.read('deep/logo.svg')
  for (let i = 0; i <= CACHED_FILES; i++) assert.equal(await files.read(`none-${i}`), undefined)
  await writeFile(join(site, 'none-0'), 'new')
  assert.equal(await files.read('none-0'), undefined)
  now += STAT_EVERY
  assert.equal((await files.read('none-0'))?.body?.toString(), 'new')
  assert.equal(await files.read('deep/logo.svg'), held)
  await rm(join(site, 'none-0'))
  now += STAT_EVERY
  assert.equal(await files.read('none-0'), undefined)
})

test('a large file is not kept in memory, and its tag is that of the file and not of its bytes', async () => {
  let now = 1000
  const files = createFileReader(site, () => now)
  const path = join(site, 'trailer.mp4')
  await writeFile(path, Buffer.alloc(LARGE_FILE + 1, 'a'))
  const before = await files.read('trailer.mp4')
  assert.ok(before?.body === undefined)
  assert.equal(before?.size, LARGE_FILE + 1)
  assert.match(before?.etag ?? '', /^"[\w-]{27}"$/)
  now += STAT_EVERY
  assert.equal((await files.read('trailer.mp4'))?.etag, before?.etag)
  // The same bytes, but who could know.
  await utimes(path, 1, 1)
  now += STAT_EVERY
  assert.notEqual((await files.read('trailer.mp4'))?.etag, before?.etag)
  await writeFile(path, Buffer.alloc(LARGE_FILE, 'a'))
  now += STAT_EVERY
  assert.equal((await files.read('trailer.mp4'))?.body?.length, LARGE_FILE)
})

test('a large page is there as a whole, for something is filled in', async () => {
  await writeFile(join(site, 'watch.html'), Buffer.alloc(LARGE_FILE + 1, 'a'))
  assert.equal((await createFileReader(site).read('watch.html'))?.body?.length, LARGE_FILE + 1)
})

test('a folder that is not there holds nothing', async () => {
  assert.equal(await createFileReader(join(folder, 'none')).read('style.css'), undefined)
})

test('plain paths', () => {
  assert.equal(isPlainPath('a/b-c_d.css'), true)
  assert.equal(isPlainPath('a/.b'), false)
  assert.equal(isPlainPath('x'.repeat(400)), false)
})
