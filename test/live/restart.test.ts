import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownAddresses, startBandstand } from '../support/bandstand.ts'
import { channelMaker } from '../support/channels.ts'
import { killAgainAndAgain, missingParts } from '../support/kills.ts'
import { judgeReplay } from '../support/replay.ts'
import { clip } from '../support/scene.ts'
import { stopwatch, waitFor } from '../support/wait.ts'
import { watchChannel } from '../support/watcher.ts'

describe('a server that goes and comes back', { concurrency: true }, () => {
  test('SIGTERM: exit 0 within 10 s, and the broadcast goes on when the encoder returns after the restart', async (t) => {
    let server = await startBandstand(ownAddresses)
    t.after(() => server.stop())
    const channel = await (await channelMaker(server))('restarted')
    const watcher = watchChannel(() => server.http, channel.slug)
    t.after(() => watcher.stop())
    const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
    const sending = stopwatch()
    const encoder = clip(t, channel.publishUrl, { reconnectMs: 300, startAt: () => 0 })
    const assetId = await channel.live()
    await sleep(4_000)
    const begun = performance.now()
    // As under npm, which passes on the signal that the terminal or systemd has sent to the server as well.
    const exited = server.kill('SIGTERM')
    await sleep(5)
    // A second later it would be another one.
    if (performance.now() - begun < 500) void server.kill('SIGTERM')
    const exit = await exited
    assert.deepEqual(exit, { code: 0, signal: null })
    assert.ok(performance.now() - begun < 10_000)
    server = await startBandstand({ data: server.data, ...addresses })
    await waitFor('the encoder to return', () => encoder.accepted === 2)
    await sleep(4_000)
    assert.equal((await channel.facts()).assetId, assetId)
    assert.equal((await channel.facts()).live, true)
    await watcher.again()
    await encoder.stop()
    const most = sending() + 0.7
    await channel.offline()
    const replay = await judgeReplay(server.http, assetId, { seconds: [6.5, most] })
    assert.equal(replay.discontinuities, 1)
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
    // Nothing is lost by a proper stop of what is recorded; the ladder is not.
    for (const seen of watcher.renditions.values())
      if (replay.segments.has(seen.name)) assert.deepEqual(missingParts(seen.parts.keys(), replay, seen.name), [])
  })

  test('a broadcast without an encoder after the restart is finished by the restarted server', async (t) => {
    let server = await startBandstand(ownAddresses)
    t.after(() => server.stop())
    const channel = await (await channelMaker(server))('orphan')
    const sending = stopwatch()
    const encoder = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(5_000)
    await server.kill('SIGKILL')
    await encoder.ended
    const most = sending() + 0.7
    server = await startBandstand({
      data: server.data,
      http: new URL(server.http).host,
      args: ['--reconnect-window', '1'],
    })
    await channel.offline()
    await judgeReplay(server.http, assetId, { seconds: [2, most] })
  })

  // Two hundred times with `npm run test:long`.
  test('killed 3 times while publishing: nothing changes, nothing falls, at most the newest part is lost', (t) =>
    killAgainAndAgain(t, { kills: 3, least: 500, most: 3_000 }))
})
