import assert from 'node:assert/strict'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { diskReserve } from './disk-reserve.ts'

test('what recordings leave to the database is something, and not much of its disk', async () => {
  const { blocks, bsize } = await statfs(tmpdir())
  const reserve = await diskReserve(tmpdir())
  assert.ok(reserve > 0 && reserve <= 64e6 && reserve <= (blocks * bsize) / 10 + 1)
  assert.equal(await diskReserve('/nowhere at all'), 64e6)
})
