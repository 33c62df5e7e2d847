import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBandstand } from '../test/support/bandstand.ts'
import { flashDelays, measureFlashes } from '../test/support/lip-sync.ts'
import { getChannel, waitEnded, waitLive } from '../test/support/published.ts'
import { createChannels } from './support/channels.ts'
import { fetchExcerpt } from './support/excerpt.ts'
import { type Line, type LipSyncInput, lipSyncInputs, PERIOD } from './support/lip-sync-inputs.ts'
import { median, percent, report } from './support/report.ts'

/**
 * Whether picture and sound stay together for an hour, each way in over a lossy line of its own: an encoder sends a flash and a beep at the same
 * moment each two seconds; each few minutes it is read from what viewers are given how far apart they are, and at the end from the replay's ends.
 * UDP loses, delays and mixes up datagrams; TCP stands until what was lost is there.
 *
 *   npm run bench -- lip-sync [--minutes 60] [--every 5] [--loss 0.02] [--round-trip 80] [--jitter 20] [--seed 1] [--only WHIP]
 */
const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    /** Minutes from one look to the next. */
    every: { type: 'string', default: '5' },
    loss: { type: 'string', default: '0.02' },
    /** ms. */
    'round-trip': { type: 'string', default: '80' },
    /** ms more that a datagram may take, each way. */
    jitter: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    /** Only the ways in whose names begin so. */
    only: { type: 'string', default: '' },
  },
})
const minutes = Number(options.minutes)
const every = Math.min(Number(options.every), minutes / 2)
/** Seconds of media that are looked at. */
const LOOK = 20
/** ms that people do not notice. */
const MUST = 45

interface Look {
  readonly where: string
  /** ms by which each beep is later against its flash than it was sent. */
  readonly delays: readonly number[]
}

interface Input {
  readonly name: string
  readonly slug: string
  readonly encoder: LipSyncInput
  readonly looks: Look[]
  readonly troubles: string[]
}

const limit = (minutes + 20) * 60_000
const server = await startBandstand({ limit })
const names = (Object.keys(lipSyncInputs) as (keyof typeof lipSyncInputs)[]).filter((name) =>
  name.startsWith(options.only),
)
const keys = await createChannels(server, names.length)
const inputs: Input[] = []

async function look(url: string, end: 'first' | 'last', asSent: number): Promise<number[]> {
  const excerpt = await fetchExcerpt(url, end, LOOK)
  try {
    const times = await measureFlashes(excerpt.pictures, [], excerpt.sound)
    return flashDelays(times, PERIOD / 2).map((delay) => (delay - asSent) * 1000)
  } finally {
    excerpt.remove()
  }
}

async function lookAt(input: Input, where: string, url: string, end: 'first' | 'last'): Promise<void> {
  try {
    const delays = await look(url, end, input.encoder.asSent ?? 0)
    input.looks.push({ where, delays })
    if (delays.length < LOOK / PERIOD / 2) input.troubles.push(`${where}: ${delays.length} flashes with a beep`)
    console.log(`${where}, ${input.name}: median ${figure(median(delays))} of ${delays.map(figure).join(' ')}`)
  } catch (error) {
    input.troubles.push(`${where}: ${String(error)}`)
  }
}

const figure = (ms: number) => ms.toFixed(1)
const worst = (looks: readonly Look[]) => Math.max(...looks.flatMap(({ delays }) => delays.map(Math.abs)))

try {
  for (const [index, name] of names.entries()) {
    const slug = `bench-${index}`
    const key = keys[index] ?? ''
    const line: Line = {
      ...{ seed: Number(options.seed) + index, loss: Number(options.loss), roundTrip: Number(options['round-trip']) },
      ...{ jitter: Number(options.jitter), limit },
    }
    const encoder = await lipSyncInputs[name](server, key, line, slug)
    inputs.push({ name, slug, encoder, looks: [], troubles: [] })
    await waitLive(server, slug, 60_000)
    const sent = encoder.asSent === undefined ? 'taken for together' : `${figure(encoder.asSent * 1000)} ms apart`
    console.log(`${name} is live; beeps and flashes as sent: ${sent}`)
  }
  const begun = performance.now()
  // The first look is at whole twenty seconds of the last that came.
  const times = new Set([0.5])
  for (let at = every; at <= minutes; at += every) times.add(at)
  for (const at of times) {
    await sleep(Math.max(0, begun + at * 60_000 - performance.now()))
    for (const input of inputs) {
      const where = `minute ${at}`
      const trouble = await input.encoder.trouble().catch(String)
      if (trouble !== undefined) input.troubles.push(`${where}: ${trouble}`)
      await lookAt(input, where, `${server.http}/live/${input.slug}/index.m3u8`, 'last')
      const said = await input.encoder.said?.()
      if (said !== undefined) console.log(`${where}, ${input.name}: ${said}`)
    }
  }
  const ended = await Promise.all(
    inputs.map(async (input) => {
      const { assetId } = await getChannel(server, input.slug)
      try {
        await input.encoder.stop()
        await waitEnded(server, assetId ?? '', 120_000)
      } catch (error) {
        input.troubles.push(String(error))
      }
      return { input, assetId }
    }),
  )
  for (const { input, assetId } of ended) {
    const { name, looks, troubles } = input
    const live = [...looks]
    for (const end of ['first', 'last'] as const)
      await lookAt(input, `replay, its ${end} ${LOOK} s`, `${server.http}/vod/${assetId}/index.m3u8`, end)
    const replay = looks.slice(live.length)
    const count = live.reduce((sum, { delays }) => sum + delays.length, 0)
    const against = input.encoder.asSent === undefined ? ', with what Chromium itself is apart' : ''
    report({
      what: `${name}, ${percent(Number(options.loss))} lost: sound against pictures in ${minutes} minutes, the worst of ${count} flashes in ${live.length} looks${against}`,
      measured: `${figure(worst(live))} ms`,
      must: `≤ ${MUST} ms`,
      ok: worst(live) <= MUST && troubles.length === 0,
    })
    const drift = median(live.at(-1)?.delays ?? []) - median(live[0]?.delays ?? [])
    report({
      what: `${name}: drift from the first look to the last, medians`,
      measured: `${figure(drift)} ms`,
      must: `≤ ${MUST} ms`,
      ok: Math.abs(drift) <= MUST,
    })
    report({
      what: `${name}: the replay's first and last ${LOOK} s, the worst flash`,
      measured: `${replay.map((one) => figure(worst([one]))).join(' / ')} ms`,
      must: `≤ ${MUST} ms`,
      ok: replay.length === 2 && worst(replay) <= MUST,
    })
    for (const line of troubles) console.log(`  ${line}`)
  }
} finally {
  await server.stop()
}
