import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeOnce } from './encode-once.ts'

/** A picture that nobody has asked for before. */
const picture = () => ['-f', 'lavfi', '-i', 'color=s=16x16:d=0.04', '-metadata', `title=${randomUUID()}`, 'one.mp4']

test('the same is encoded once, whoever asks for it at the same time', async (t) => {
  const args = picture()
  const folders = await Promise.all([encodeOnce(args), encodeOnce(args), encodeOnce(args)])
  const [folder] = folders
  t.after(() => rmSync(folder, { recursive: true }))
  assert.deepEqual(folders, [folder, folder, folder])
  const file = join(folder, 'one.mp4')
  const { ino } = statSync(file)
  assert.equal(await encodeOnce(args), folder)
  assert.equal(statSync(file).ino, ino)
})

test('what could not be encoded is not kept', async () => {
  const wrong = ['-i', 'nothing.mp4', '-metadata', `title=${randomUUID()}`, 'one.mp4']
  await assert.rejects(encodeOnce(wrong), /nothing\.mp4/)
  await assert.rejects(encodeOnce(wrong), /nothing\.mp4/)
})
