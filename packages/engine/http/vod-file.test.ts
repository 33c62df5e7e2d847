import assert from 'node:assert/strict'
import { test } from 'node:test'
import { names } from '../packager/model.ts'
import { parseVodFile } from './vod-file.ts'

test('a file is known by its name, each kind by its own', () => {
  assert.deepEqual(parseVodFile(names.init(3)), { kind: 'init', number: 3 })
  assert.deepEqual(parseVodFile(names.part(4)), { kind: 'part', number: 4 })
  assert.deepEqual(parseVodFile(names.segment(4, 9)), { kind: 'segment', first: 4, last: 9 })
  assert.deepEqual(parseVodFile('t1700000000000-180000.m4s'), {
    ...{ kind: 'template', name: { wallClock: 1_700_000_000_000, time: 180_000 } },
  })
  assert.deepEqual(parseVodFile(names.silence(3, 0, 96_256)), {
    ...{ kind: 'silence', name: { initNumber: 3, start: 0, duration: 96_256 } },
  })
  assert.deepEqual(parseVodFile(names.gap(7)), { kind: 'gap' })
  for (const other of [names.playlist, names.gapPart(7, 0), 's0000000004.m4s', 'x.m4s', '']) {
    assert.equal(parseVodFile(other), undefined, other)
  }
})
