import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLayers } from './layers.ts'

const rendition = (encodingId: string, height: number, bitrate: number) => ({
  encodingId,
  height,
  bitrate,
  frameRate: 30,
})
const renditions = [rendition('source', 1080, 6e6), rendition('480p', 480, 1e6), rendition('360p', 360, 5e5)]
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

function stage() {
  const asked: string[] = []
  const server = { status: 200, code: '', answer: { chosen: null, reason: null as string | null, renditions } }
  let now = 0
  let height = 1080
  let changes = 0
  const layers = createLayers({
    async fetch(url, { method = 'GET', body }) {
      asked.push(`${method} ${url} ${typeof body === 'string' ? body : ''}`.trim())
      const { status, code, answer } = server
      return Response.json(status === 200 ? answer : { status, code }, { status })
    },
    height: () => height,
    onChange: () => void changes++,
    now: () => now,
  })
  return {
    layers,
    server,
    said: () => asked.splice(0),
    pass: (ms: number) => (now += ms),
    show: (lines: number) => (height = lines),
    changes: () => changes,
  }
}

test('the renditions of a session are asked for once it is there, and now and then', async () => {
  const { layers, said, pass, changes, show } = stage()
  assert.equal(layers.qualities === undefined, true)
  layers.begin('s1')
  await settled()
  assert.deepEqual(said(), ['GET s1/layer'])
  assert.equal(changes(), 1)
  const heights = layers.qualities?.list.map((quality) => quality.height)
  assert.deepEqual([heights, layers.qualities?.chosen], [[1080, 480, 360], 'auto'])
  show(480)
  assert.equal(layers.qualities?.playing, layers.qualities?.list[1]?.id)
  pass(9_000)
  layers.tick()
  assert.deepEqual(said(), [])
  pass(2_000)
  layers.tick()
  assert.deepEqual(said(), ['GET s1/layer'])
})

test('a choice is told to the server, kept for the next session, and taken back', async () => {
  const { layers, said } = stage()
  layers.begin('s1')
  await settled()
  said()
  const id = layers.qualities?.list[2]?.id ?? assert.fail()
  layers.qualities?.choose(id)
  assert.equal(layers.qualities?.chosen, id)
  layers.begin('s2')
  await settled()
  layers.qualities?.choose('auto')
  assert.equal(layers.qualities?.chosen, 'auto')
  assert.deepEqual(said(), [
    'POST s1/layer {"encodingId":"360p"}',
    'POST s2/layer {"encodingId":"360p"}',
    'POST s2/layer {}',
  ])
})

test('what was chosen and is not there any more leaves the choice to the server', async () => {
  const { layers, server, said } = stage()
  layers.begin('s1')
  await settled()
  layers.qualities?.choose(layers.qualities.list[1]?.id ?? assert.fail())
  await settled()
  server.status = 404
  server.code = 'no-rendition'
  layers.begin('s2')
  await settled()
  said()
  layers.begin('s3')
  assert.deepEqual([layers.qualities?.chosen, said()], ['auto', ['GET s3/layer']])
})

test('a choice outlives the session that has gone while it was told', async () => {
  const { layers, server, said } = stage()
  layers.begin('s1')
  await settled()
  said()
  server.status = 404
  server.code = 'not-found'
  const id = layers.qualities?.list[1]?.id ?? assert.fail()
  layers.qualities?.choose(id)
  await settled()
  server.status = 200
  layers.begin('s2')
  await settled()
  assert.equal(layers.qualities?.chosen, id)
  assert.deepEqual(said(), ['POST s1/layer {"encodingId":"480p"}', 'POST s2/layer {"encodingId":"480p"}'])
})

test('a server that knows no renditions offers none', async () => {
  const { layers, server } = stage()
  server.status = 404
  layers.begin('s1')
  await settled()
  assert.equal(layers.qualities, undefined)
})

test('the reason why a source is encoded again is the server’s', async () => {
  const { layers, server } = stage()
  server.answer.reason = 'the encoder sends B-frames'
  layers.begin('s1')
  await settled()
  assert.equal(layers.reason, 'the encoder sends B-frames')
})
