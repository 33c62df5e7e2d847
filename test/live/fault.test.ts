import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../support/bandstand.ts'
import { channelMaker } from '../support/channels.ts'
import { type Fault, faultEnvironment } from '../support/fault.ts'
import { judgeReplay } from '../support/replay.ts'
import { clip } from '../support/scene.ts'
import { waitFor } from '../support/wait.ts'

for (const [fault, message] of [
  ['reject', 'injected rejection'],
  ['throw', 'injected exception'],
] as const satisfies readonly (readonly [Fault, string])[]) {
  test(`a fault that nobody catches (${fault}) is logged with its stack and ends the server in order: the broadcast goes on after a restart`, async (t) => {
    let server = await startBandstand({ env: faultEnvironment(fault) })
    t.after(() => server.stop())
    const channel = await (await channelMaker(server))('faulty')
    const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
    const encoder = clip(t, channel.publishUrl, { reconnectMs: 200, startAt: () => 0 })
    const assetId = await channel.live()
    await sleep(1_500)
    const begun = performance.now()
    const exit = await server.kill('SIGUSR2')
    assert.deepEqual(exit, { code: 1, signal: null })
    assert.ok(performance.now() - begun < 10_000)
    const fatal = server.log().filter(({ level }) => level === 'fatal')
    assert.equal(fatal.length, 1)
    const { err } = fatal[0] as unknown as { err: { message: string; stack: string } }
    assert.equal(err.message, message)
    assert.match(err.stack, /fault-hook\.mjs/)
    assert.equal(server.log().at(-1)?.msg, 'stopped')

    server = await startBandstand({ data: server.data, ...addresses })
    await waitFor('the encoder to return', () => encoder.accepted === 2)
    await sleep(1_000)
    assert.equal((await channel.facts()).assetId, assetId)
    await encoder.stop()
    await channel.offline()
    const replay = await judgeReplay(server.http, assetId, { seconds: [2, 5] })
    assert.equal(replay.discontinuities, 1)
  })
}
