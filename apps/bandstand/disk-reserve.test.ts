import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { diskReserve, openReserve } from './disk-reserve.ts'

test('what recordings leave to the database is something, and not much of its disk', async () => {
  const { blocks, bsize } = await statfs(tmpdir())
  const reserve = await diskReserve(tmpdir())
  assert.ok(reserve > 0 && reserve <= 64e6 && reserve <= (blocks * bsize) / 10 + 1)
  assert.equal(await diskReserve('/nowhere at all'), 64e6)
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }

test('room is held by a file, given up on a full disk, and held again when there is some', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'bandstand-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', data], { stdio: 'ignore' })
  } catch {
    await rm(data, { recursive: true })
    return t.skip('needs a user that may mount')
  }
  t.after(() => {
    execFileSync('umount', ['-l', data])
    return rm(data, { recursive: true })
  })
  const held = join(data, 'reserve')
  const reserve = await openReserve(data, silent)
  await reserve.keep()
  reserve.close()
  assert.ok(existsSync(held))
  const filling = join(data, 'filling')
  while (
    await writeFile(filling, Buffer.alloc(4096), { flag: 'a' }).then(
      () => true,
      () => false,
    )
  );
  const again = await openReserve(data, silent)
  t.after(() => again.close())
  assert.ok(!existsSync(held))
  await writeFile(join(data, 'database'), Buffer.alloc(8192))
  await again.keep()
  assert.ok(!existsSync(held), 'there is no room for it')
  await rm(filling)
  await again.keep()
  assert.ok(existsSync(held))
})
