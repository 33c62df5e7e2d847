import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WantedQuality } from '../qualities.ts'
import { createLayers } from './layers.ts'

const rendition = (encodingId: string, height: number, bitrate: number) => ({
  encodingId,
  height,
  bitrate,
  frameRate: 30,
})
const renditions = [rendition('source', 1080, 6e6), rendition('480p', 480, 1e6), rendition('360p', 360, 5e5)]
const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

/** A server that keeps what each session chose, where it is listed. */
function stage(wanted: WantedQuality = { quality: undefined }) {
  const asked: string[] = []
  const server = { status: 200, reason: null as string | null, renditions }
  const chosen = new Map<string, string>()
  let now = 0
  let height = 1080
  let changes = 0
  /** What the next answer waits for. */
  let held: Promise<void> | undefined
  const layers = createLayers({
    wanted,
    async fetch(url, { method = 'GET', body }) {
      asked.push(`${method} ${url} ${typeof body === 'string' ? body : ''}`.trim())
      const { status, reason } = server
      if (status !== 200) return Response.json({ status }, { status })
      if (typeof body === 'string') {
        const { encodingId } = JSON.parse(body) as { encodingId?: string }
        if (encodingId === undefined) chosen.delete(url)
        else if (server.renditions.some((one) => one.encodingId === encodingId)) chosen.set(url, encodingId)
        else return Response.json({ status: 404, code: 'no-rendition' }, { status: 404 })
      }
      const answer = Response.json({ chosen: chosen.get(url) ?? null, reason, renditions: server.renditions })
      const until = held
      held = undefined
      await until
      return answer
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
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
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

test('the rendition on screen is known by name, but for the best, with which a session begins anyway', async () => {
  const { layers, show } = stage()
  assert.equal(layers.lesser, undefined)
  layers.begin('s1')
  await settled()
  assert.equal(layers.lesser, undefined)
  show(480)
  assert.equal(layers.lesser, '480p')
  show(481)
  assert.equal(layers.lesser, undefined)
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
    'GET s2/layer',
    'POST s2/layer {"encodingId":"360p"}',
    'POST s2/layer {}',
  ])
})

test('what was chosen by another connection or transport is chosen in this one', async () => {
  const wanted: WantedQuality = { quality: undefined }
  const { layers, said } = stage(wanted)
  // In a playlist, which says more of bit rates.
  wanted.quality = { id: 0, height: 480, frameRate: 30, bitrate: 1.2e6 }
  layers.begin('s1')
  await settled()
  assert.deepEqual(said(), ['GET s1/layer', 'POST s1/layer {"encodingId":"480p"}'])
  assert.equal(layers.qualities?.chosen, layers.qualities?.list[1]?.id)
  layers.qualities?.choose(layers.qualities.list[2]?.id ?? assert.fail())
  assert.equal(wanted.quality.height, 360)
})

test('while what was chosen is not there the nearest is, and then it is again', async () => {
  const { layers, server, said, pass } = stage()
  layers.begin('s1')
  await settled()
  layers.qualities?.choose(layers.qualities.list[1]?.id ?? assert.fail())
  await settled()
  said()
  const look = async () => {
    pass(11_000)
    layers.tick()
    await settled()
    return said()
  }
  server.renditions = renditions.filter(({ encodingId }) => encodingId !== '480p')
  assert.deepEqual(await look(), ['GET s1/layer', 'POST s1/layer {"encodingId":"360p"}'])
  server.renditions = renditions
  assert.deepEqual(await look(), ['GET s1/layer', 'POST s1/layer {"encodingId":"480p"}'])
  assert.deepEqual(await look(), ['GET s1/layer'])
})

test('what is pressed in a menu that was drawn before it went is what the viewer wants', async () => {
  const wanted: WantedQuality = { quality: undefined }
  const { layers, server, pass } = stage(wanted)
  layers.begin('s1')
  await settled()
  const drawn = layers.qualities ?? assert.fail()
  server.renditions = renditions.filter(({ encodingId }) => encodingId !== '480p')
  pass(11_000)
  layers.tick()
  await settled()
  drawn.choose(drawn.list[1]?.id ?? assert.fail())
  assert.equal(wanted.quality?.height, 480)
  assert.equal(layers.qualities?.chosen, drawn.list[2]?.id)
})

test('an older answer does not undo a choice', async () => {
  const { layers, said, pass, hold } = stage()
  layers.begin('s1')
  await settled()
  const answer = hold()
  pass(11_000)
  layers.tick()
  layers.qualities?.choose(layers.qualities.list[2]?.id ?? assert.fail())
  await settled()
  answer()
  await settled()
  assert.deepEqual(said(), ['GET s1/layer', 'GET s1/layer', 'POST s1/layer {"encodingId":"360p"}'])
})

test('a choice outlives the session that has gone while it was told', async () => {
  const { layers, server, said } = stage()
  layers.begin('s1')
  await settled()
  said()
  server.status = 404
  const id = layers.qualities?.list[1]?.id ?? assert.fail()
  layers.qualities?.choose(id)
  await settled()
  server.status = 200
  layers.begin('s2')
  await settled()
  assert.equal(layers.qualities?.chosen, id)
  assert.deepEqual(said(), [
    'POST s1/layer {"encodingId":"480p"}',
    'GET s2/layer',
    'POST s2/layer {"encodingId":"480p"}',
  ])
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
  server.reason = 'the encoder sends B-frames'
  layers.begin('s1')
  await settled()
  assert.equal(layers.reason, 'the encoder sends B-frames')
})
