import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeptPictures } from './kept.ts'
import { PICTURE_LIMITS } from './limits.ts'

const picture = (size = 1) => ({ bytes: new Uint8Array(size), etag: '"1"' })

test('of what was deleted nothing is kept, nor what was being made of it', () => {
  const kept = createKeptPictures<{ picture: ReturnType<typeof picture> }>()
  kept.set('as_1', 'poster as_1', { picture: picture() })
  kept.set('as_1', 'live as_1', { picture: picture() })
  kept.set('as_10', 'poster as_10', { picture: picture() })
  kept.forget('as_1')
  kept.set('as_1', 'poster as_1', { picture: picture() })
  assert.deepEqual([kept.get('poster as_1'), kept.get('live as_1')], [undefined, undefined])
  assert.ok(kept.get('poster as_10') !== undefined)
  assert.deepEqual([kept.isForgotten('as_1'), kept.isForgotten('as_10')], [true, false])
})

test('what is kept is bounded in bytes', () => {
  const kept = createKeptPictures<{ picture: ReturnType<typeof picture> }>()
  const size = Math.ceil(PICTURE_LIMITS.keptBytes / 3)
  for (const key of ['a', 'b', 'c']) kept.set('as_1', key, { picture: picture(size) })
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => kept.get(key) !== undefined),
    [false, true, true],
  )
})
