import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { videoConfig } from '../../packager/fixtures/encoder.ts'
import { createHub, type Hub } from '../../stream/hub.ts'
import { offeredOf, type Rendition, SOURCE, type Watchable } from './watchable.ts'

function hub(isRunning = true): Hub {
  const made = createHub({ keep: false, onFault() {} })
  if (!isRunning) return made
  const tracks = [{ track: VIDEO_TRACK, config: videoConfig(), frameDuration: 1 / 30 }]
  made.publish({
    ...{ kind: 'epoch-opened', id: 0, start: 0, wallClock: 0, tracks, reason: 'encoder' },
  })
  return made
}

const rendition = (name: string, of: Hub): Rendition => {
  return { name, width: 0, height: 0, frameRate: 30, bitrate: 0, hub: of }
}

function stage(plain: Rendition | string = rendition(SOURCE, hub(false))) {
  const stream: Watchable = {
    source: rendition(SOURCE, hub()),
    rungs: [rendition('480p', hub()), rendition('360p', hub(false))],
    askForRungs() {},
    plain: () => plain,
    askForPlain() {},
  }
  const names = (...rest: [boolean | undefined, Hub?]) =>
    offeredOf(stream, ...rest).map(({ name, isRunning }) => `${name}${isRunning ? '' : ' still'}`)
  return { stream, plain, names }
}

test('a source without B-frames stands first, whatever its rungs do', () => {
  assert.deepEqual(stage().names(false), ['source', '480p', '360p still'])
})

test('a source of which it is not known yet takes nobody but who is there', () => {
  const { stream, names } = stage()
  assert.deepEqual(names(undefined, stream.rungs[0]?.hub), ['source still', '480p', '360p still'])
  assert.deepEqual(names(undefined, stream.source.hub), ['source', '480p', '360p still'])
})

test('for one with B-frames stands what is made of it, if anything is', () => {
  assert.deepEqual(stage().names(true), ['source still', '480p', '360p still'])
  assert.deepEqual(stage('no ffmpeg').names(true), ['480p', '360p still'])
})

test('who watches what is made of it stays there until it is known what the next encoder sends', () => {
  const made = rendition(SOURCE, hub())
  const { names, stream } = stage(made)
  assert.deepEqual(names(undefined, made.hub), ['source', '480p', '360p still'])
  assert.equal(offeredOf(stream, undefined, made.hub)[0]?.hub, made.hub)
  assert.equal(offeredOf(stream, false, made.hub)[0]?.hub, stream.source.hub)
})
