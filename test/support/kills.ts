import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readMetrics } from '../../bench/support/metrics.ts'
import { killedStart, ownAddresses, startBandstand } from './bandstand.ts'
import { channelMaker } from './channels.ts'
import { judgeReplay, type Replay } from './replay.ts'
import { clip } from './scene.ts'
import { stopwatch, waitFor } from './wait.ts'
import { watchChannel } from './watcher.ts'

/** Numbers of listed parts that no segment of the replay holds. */
export function missingParts(parts: Iterable<number>, replay: Replay, rendition: string): number[] {
  const ranges = (replay.segments.get(rendition) ?? []).map((name) => {
    const found = /s(\d+)-(\d+)\.m4s/.exec(name)
    return [Number(found?.[1]), Number(found?.[2])] as const
  })
  return [...parts].filter((part) => !ranges.some(([first, last]) => part >= first && part <= last))
}

/** Every second time a killed server is killed so often again while it starts. */
const KILLED_STARTS = 2

/**
 * Kills the server (SIGKILL) at random moments while an encoder publishes and a client watches, and while it starts, and
 * judges what the client saw and what the replay holds: one broadcast, every listed part but the newest of each kill.
 */
export async function killAgainAndAgain(
  t: TestContext,
  /** `least`, `most`: ms that the encoder publishes between kills. */
  { kills, least, most }: { readonly kills: number; readonly least: number; readonly most: number },
): Promise<void> {
  const limit = 60_000 + kills * (most + 10_000)
  let server = await startBandstand({ limit, ...ownAddresses })
  t.after(() => server.stop())
  const channel = await (await channelMaker(server))('killed')
  const watcher = watchChannel(() => server.http, channel.slug)
  t.after(() => watcher.stop())
  const addresses = { http: new URL(server.http).host, rtmp: new URL(server.rtmp).host }
  const sending = stopwatch()
  const encoder = clip(t, channel.publishUrl, { reconnectMs: 100, startAt: () => 0 })
  const assetId = await channel.live()
  // Before anything is on the disk a kill leaves no broadcast to go on with.
  const kept = async () => ((await readMetrics(server.http)).get('bandstand_recording_bytes') ?? 0) > 0
  await waitFor('something of the recording', kept)
  let reads = 0
  let starts = 0
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(least + Math.random() * (most - least))
    await server.kill('SIGKILL')
    const options = { data: server.data, ...addresses, limit }
    const { startedIn } = server
    for (let left = kill % 2 === 0 ? KILLED_STARTS : 0; left > 0; left--) {
      // Before it has its files, in the midst of recovery, or when the encoder may just be back.
      await killedStart(options, Math.random() * 1.2 * startedIn)
      starts++
    }
    const { accepted } = encoder
    server = await startBandstand(options)
    await waitFor('the encoder to return', () => encoder.accepted > accepted)
    assert.equal((await channel.facts()).assetId, assetId, `after kill ${kill}`)
    // Everything again costs more and more: only while it is little, and now and then.
    if (kill <= 5 || kill % 20 === 0) {
      await watcher.again()
      reads++
    }
  }
  assert.ok(reads > 0 && starts > 0)
  await sleep(2_000)
  await encoder.stop()
  const sent = sending() + 0.7
  await channel.offline()
  const replay = await judgeReplay(server.http, assetId, {
    seconds: [kills * least * 0.0005, sent],
  })
  await watcher.stop()
  assert.deepEqual(watcher.problems, [])
  // The ladder's renditions are followed too, but not recorded.
  const followed = [...watcher.renditions.values()].filter(({ name }) => replay.segments.has(name))
  assert.deepEqual(followed.map(({ name }) => name).sort(), ['a2', 'v1'])
  assert.ok(followed.every((seen) => seen.assetId === assetId))
  for (const { name, parts } of followed) {
    assert.ok(parts.size > kills, `${parts.size} parts seen of ${name}`)
    const lost = missingParts(parts.keys(), replay, name)
    // The newest part listed before a kill may be lost, so of each run of numbers only its last.
    const seen = [...parts.keys()].sort((a, b) => a - b)
    const early = lost.filter((part) => seen.includes(part + 1))
    assert.deepEqual(early, [], `lost although not the newest: ${early.join(' ')}`)
    const by = `by ${kills} kills and ${starts} of starts`
    assert.ok(lost.length <= kills + starts, `${lost.length} parts lost of ${name} ${by}`)
    t.diagnostic(`${name}: ${parts.size} parts seen, ${lost.length} of them lost ${by}`)
  }
}
