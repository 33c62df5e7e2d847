import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoplay } from './autoplay.ts'

function refusing(when: (muted: boolean) => string | undefined) {
  const video = {
    muted: false,
    async play() {
      const name = when(video.muted)
      if (name) throw Object.assign(new Error(name), { name })
    },
  }
  return video
}

const nothing = () => undefined

test('sound where the browser allows it', async () => {
  const video = refusing(() => undefined)
  assert.equal(await autoplay(video, false, nothing), 'with-sound')
  assert.equal(video.muted, false)
})

test('silence where it does not', async () => {
  const video = refusing((muted) => (muted ? undefined : 'NotAllowedError'))
  const told: boolean[] = []
  assert.equal(await autoplay(video, false, () => told.push(video.muted)), 'muted')
  assert.deepEqual([told, video.muted], [[false], true])
})

test('nothing where even that is refused', async () => {
  assert.equal(
    await autoplay(
      refusing(() => 'NotAllowedError'),
      false,
      nothing,
    ),
    'refused',
  )
})

test('a load that comes in between is not taken for a refusal of sound', async () => {
  const video = refusing(() => 'AbortError')
  assert.equal(await autoplay(video, false, nothing), 'interrupted')
  assert.equal(video.muted, false)
  const silent = refusing((muted) => (muted ? 'AbortError' : 'NotAllowedError'))
  assert.equal(await autoplay(silent, false, nothing), 'interrupted')
})
