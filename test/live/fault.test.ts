import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownAddresses, startBandstand } from '../support/bandstand.ts'
import { channelMaker } from '../support/channels.ts'
import { type Fault, faultEnvironment } from '../support/fault.ts'
import { judgeReplay } from '../support/replay.ts'
import { clip, watch } from '../support/scene.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

// Each has a server of its own, and they mostly wait.
describe('faults', { concurrency: true }, () => {
  for (const [fault, message] of [
    ['reject', 'injected rejection'],
    ['throw', 'injected exception'],
  ] as const satisfies readonly (readonly [Fault, string])[]) {
    test(`a fault that nobody catches (${fault}) is logged with its stack and ends the server in order: the broadcast goes on after a restart`, async (t) => {
      let server = await startBandstand({ env: faultEnvironment(fault), ...ownAddresses })
      t.after(() => server.stop())
      const channel = await (await channelMaker(server))('faulty')
      const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
      const sending = stopwatch()
      const encoder = clip(t, channel.publishUrl, { reconnectMs: 200, startAt: () => 0 })
      const assetId = await channel.live()
      await sleep(3_000)
      const begun = performance.now()
      const exit = await server.kill('SIGUSR2')
      const before = sending()
      assert.deepEqual(exit, { code: 1, signal: null })
      assert.ok(performance.now() - begun < 10_000)
      const fatal = server.log().filter(({ level }) => level === 'fatal')
      assert.equal(fatal.length, 1)
      const { err } = fatal[0] as unknown as { err: { message: string; stack: string } }
      assert.equal(err.message, message)
      assert.match(err.stack, /fault-hook\.mjs/)
      assert.equal(server.log().at(-1)?.msg, 'stopped')

      const again = stopwatch()
      server = await startBandstand({ data: server.data, ...addresses })
      await waitFor('the encoder to return', () => encoder.accepted === 2)
      await sleep(1_000)
      assert.equal((await channel.facts()).assetId, assetId)
      await encoder.stop()
      const most = before + again() + 0.7
      await channel.offline()
      const replay = await judgeReplay(server.http, assetId, { seconds: [2, most] })
      assert.equal(replay.discontinuities, 1)
    })
  }

  test('without its database thread the server says so and refuses what needs it, video goes on, and the thread comes back', async (t) => {
    const server = await startBandstand({ env: faultEnvironment('database'), args: ['--reconnect-window', '1'] })
    t.after(() => server.stop())
    const make = await channelMaker(server)
    const running = await make('running')
    const coming = await make('coming')
    const watcher = watch(t, server, running)
    const encoder = clip(t, running.publishUrl)
    await running.live()
    const ask = (path: string) => fetch(`${server.http}${path}`, { signal: AbortSignal.timeout(20_000) })
    assert.equal((await ask('/readyz')).status, 200)

    process.kill(server.pid, 'SIGUSR2')
    await waitFor('the probe to say it', async () => (await ask('/readyz')).status === 503)
    const probe = await ask('/readyz')
    assert.match(probe.headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.match(((await probe.json()) as { detail: string }).detail, /database/)
    assert.equal((await ask('/healthz')).status, 200)
    const asset = await ask('/api/v1/assets/as_unknown')
    assert.equal(asset.status, 503)
    assert.equal(((await asset.json()) as { code: string }).code, 'unavailable')
    // Keys are known without it, and a broadcast that begins now is noted later.
    const second = clip(t, coming.publishUrl)
    const assetId = await coming.live()
    assert.equal((await ask(`/live/coming/index.m3u8`)).status, 200)
    assert.equal((await ask('/readyz')).status, 503, 'the broadcast began without a database')

    process.kill(server.pid, 'SIGUSR2')
    await waitFor('the database to be back', async () => (await ask('/readyz')).status === 200)
    await waitFor('the note of the broadcast', async () => (await ask(`/api/v1/assets/${assetId}`)).status === 200)
    await Promise.all([encoder.stop(), second.stop()])
    await coming.offline()
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
    assert.ok(server.running())
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  })
})
