import assert from 'node:assert/strict'
import { availableParallelism, loadavg } from 'node:os'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { MediaSegment } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import { startBandstand } from '../support/bandstand.ts'
import { ffmpegsOf } from '../support/children.ts'
import { limitProcessor } from '../support/cpu-limit.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { longOnly } from '../support/long.ts'
import { signIn } from '../support/owner.ts'
import { assertConforms, waitLive } from '../support/published.ts'
import { readUsage } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** The upper one costs many times what the lower one does. */
const settings = {
  ...{ mode: 'always', encoder: 'x264', preset: 'veryfast' },
  rungs: [
    { height: 576, bitrate: 2_000_000, frameRate: 30 },
    { height: 144, bitrate: 100_000, frameRate: 30 },
  ],
}

test('ffmpeg that gets too little of the processor loses its dearest rung, the source nothing, and the rung comes back', {
  ...longOnly,
}, async (t: TestContext) => {
  const server = await startBandstand({ ffmpeg: true, limit: 900_000 })
  t.after(() => server.stop())
  const owner = await signIn(server)
  await owner.call('PUT', '/channels/main/ladder', settings)
  const encoder = ffmpegPublish({ url: server.publishUrl, width: 1280, height: 720, bitrate: 2000, limit: 900_000 })
  t.after(() => encoder.stop('SIGINT'))
  const children = () => ffmpegsOf(server.pid)
  const ladder = async () =>
    (await owner.call<ChannelHealth>('GET', '/channels/main/health')).encoder?.ladder ?? undefined
  const heights = async () =>
    (await waitLive(server, 'main')).variants.map(({ resolution }) => resolution?.height ?? 0).sort((a, b) => a - b)
  const shed = async () => (await ladder())?.rungs.flatMap((rung) => (rung.shed ? [rung.height] : []))
  const media = async (height: number) => {
    const { variants } = await waitLive(server, 'main')
    const uri = variants.find(({ resolution }) => resolution?.height === height)?.uri ?? ''
    const text = await (await fetch(new URL(uri, `${server.http}/live/main/index.m3u8`))).text()
    const parsed = parsePlaylist(text)
    assert.equal(parsed.kind, 'media', text)
    return parsed.kind === 'media' ? parsed.playlist : assert.fail()
  }

  await waitFor('the ladder', async () => (await ladder())?.state === 'running', 60_000)
  await sleep(3_000)
  const [pid = 0] = children()
  const before = readUsage(pid)
  await sleep(6_000)
  const after = readUsage(pid)
  const needs = (after.cpu - before.cpu) / (after.at - before.at)
  t.diagnostic(`ffmpeg takes ${needs.toFixed(2)} of a core`)
  const limit = limitProcessor(children, needs / 2)
  t.after(() => limit.end())

  // The playlist of a broadcast that has just begun has gaps before it.
  const { mediaSequence: oldest, segments: early } = await media(720)
  const first = oldest + early.length
  /** Of the source, by number. */
  const seen = new Map<number, MediaSegment>()
  const look = async () => {
    const { mediaSequence, segments } = await media(720)
    segments.forEach((segment, i) => mediaSequence + i >= first && seen.set(mediaSequence + i, segment))
  }
  const watch = setInterval(() => void look().catch(() => undefined), 1_000)
  t.after(() => clearInterval(watch))

  const begun = performance.now()
  await waitFor('the dearest rung to go', async () => (await shed())?.includes(576), 90_000, 500)
  t.diagnostic(`shed after ${Math.round((performance.now() - begun) / 1000)} s`)
  assert.deepEqual(await heights(), [144, 720])
  assert.match((await ladder())?.message ?? '', /too slow for 576p; left out for a while/)

  // What is left fits into what it has.
  const { mediaSequence, segments } = await media(144)
  const newest = mediaSequence + segments.length
  const rest = async () => (await media(144)).segments.slice(-3).every(({ gap }) => !gap)
  await waitFor('the other rung to go on', async () => (await media(144)).mediaSequence > newest && rest(), 60_000, 500)
  assert.deepEqual(await shed(), [576])
  const ends = server.log().filter(({ msg }) => msg.startsWith('ladder: ffmpeg ended'))
  assert.deepEqual(ends, [], 'slowness alone ends none')

  limit.share = undefined
  const back = async () => {
    await waitFor('it to come back', async () => (await shed())?.length === 0, 150_000, 500)
    await waitFor(
      'its pictures',
      async () => (await media(576)).segments.slice(-3).every(({ gap }) => !gap),
      60_000,
      500,
    )
  }
  await back().catch((cause) => {
    const load = (loadavg()[0] ?? 0) / availableParallelism()
    if (load < 0.7) throw cause
    t.diagnostic(`the machine has other work (load ${load.toFixed(1)}): ${cause}`)
  })
  // Other work may keep a rung away, and that is said then, and nothing else.
  const { message, rungs = [] } = (await ladder()) ?? {}
  const lost = rungs.flatMap((rung) => (rung.shed ? [rung.height] : []))
  const names = lost.map((height) => `${height}p`).join(', ')
  assert.equal(message, lost.length === 0 ? null : `this machine is too slow for ${names}; left out for a while`)
  assert.deepEqual(
    await heights(),
    [144, 576, 720].filter((height) => !lost.includes(height)),
  )

  await look()
  const numbers = [...seen.keys()].sort((a, b) => a - b)
  assert.equal(numbers.length, (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) + 1, 'every segment of the source was seen')
  assert.deepEqual(
    [...seen.values()].filter(({ gap, discontinuity }) => gap || discontinuity),
    [],
    'of the source',
  )
  await assertConforms(`${server.http}/live/main/index.m3u8`, 8)
})
