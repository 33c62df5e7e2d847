import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { findFfmpeg } from './ffmpeg.ts'

test('ffmpeg is the first in PATH that can be run, or the one that is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-ffmpeg-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [first, second, third] = ['first', 'second', 'third'].map((name) => join(folder, name))
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  // A folder of that name, a file that cannot be run, and the program.
  mkdirSync(join(first, 'ffmpeg'), { recursive: true })
  for (const place of [second, third]) {
    mkdirSync(place)
    writeFileSync(join(place, 'ffmpeg'), '')
  }
  chmodSync(join(second, 'ffmpeg'), 0o644)
  chmodSync(join(third, 'ffmpeg'), 0o755)
  const env = { PATH: [first, second, third].join(delimiter) }
  assert.equal(findFfmpeg('ffmpeg', env), join(third, 'ffmpeg'))
  assert.equal(findFfmpeg('ffmpeg', { PATH: second }), undefined)
  assert.equal(findFfmpeg('ffmpeg', {}), undefined)
  assert.equal(findFfmpeg(join(third, 'ffmpeg'), {}), join(third, 'ffmpeg'))
  assert.equal(findFfmpeg(join(second, 'ffmpeg'), env), undefined)
})
