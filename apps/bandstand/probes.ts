import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WebRtcFigures } from '@bandstand/engine/egress/webrtc/egress.ts'
import type { DeliveryFigures } from '@bandstand/engine/http/delivery.ts'
import { outboxFigures } from '@bandstand/engine/http/outbox.ts'
import type { WhipFigures } from '@bandstand/engine/ingest/whip/ingest.ts'
import type { MemoryBudget } from '@bandstand/engine/packager/window/budget.ts'
import type { SoundReport } from '@bandstand/engine/sound/report.ts'
import type { SrtFigures } from '@bandstand/engine/srt/listener.ts'
import type { SegmentStore } from '@bandstand/engine/store/port.ts'
import type { LadderReport } from '@bandstand/engine/transcode/report.ts'
import { toProblem } from '@bandstand/platform/http/problem.ts'
import type { PublishHookFigures } from '@bandstand/platform/ports.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'

export interface ProbeSources {
  /** Slug and distinct players of each channel that is live. */
  viewers(): readonly { readonly channel: string; readonly viewers: number }[]
  /** Slug and ladder of each channel that has one now. */
  ladders(): readonly { readonly channel: string; readonly ladder: LadderReport }[]
  /** The same of sound in AAC, where it comes in another codec. */
  sounds(): readonly { readonly channel: string; readonly sound: SoundReport }[]
  readonly store: Pick<SegmentStore, 'usage'>
  readonly budget: MemoryBudget
  /** How long parts took to reach everyone who waited for them. */
  readonly delivery: DeliveryFigures
  /** `undefined` where WebRTC is switched off, and before its first viewer. */
  webrtc(): WebRtcFigures | undefined
  /** `undefined` where there is none. */
  publishHook(): PublishHookFigures | undefined
  whip(): WhipFigures | undefined
  /** `undefined` where SRT is switched off. */
  srt(): SrtFigures | undefined
  /** Open connections. */
  connections(): { readonly http: number; readonly rtmp: number }
  /** False while the database does not answer. */
  isAvailable(): boolean
}

/** Interval of the timer by which the event loop's delay is measured. */
const LOOP_RESOLUTION_MS = 10

/** `/healthz` (the process answers), `/readyz` (all listeners are bound, the database answers), `/metrics` (Prometheus). */
export interface Probes {
  register(app: FastifyInstance): void
  ready(): void
}

export function createProbes(sources: ProbeSources): Probes {
  let isReady = false
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delay.enable()
  return {
    ready() {
      isReady = true
    },
    register(app) {
      app.get('/healthz', (_request, reply) =>
        reply.type('text/plain').header('cache-control', 'no-store').send('ok\n'),
      )
      app.get('/readyz', (_request, reply) => {
        if (!isReady) return notReady(reply, 'the server is starting')
        if (!sources.isAvailable()) return notReady(reply, 'the database does not answer; it is being started again')
        return reply.type('text/plain').header('cache-control', 'no-store').send('ready\n')
      })
      let page: Promise<() => Promise<{ type: string; text: string }>> | undefined
      app.get('/metrics', async (_request, reply) => {
        // Loaded when first asked for: a start does not need it.
        page ??= collect(sources, delay)
        const { type, text } = await (await page)()
        return reply.type(type).header('cache-control', 'no-store').send(text)
      })
    },
  }
}

function notReady(reply: FastifyReply, detail: string): FastifyReply {
  return reply
    .code(503)
    .type('application/problem+json; charset=utf-8')
    .headers({ 'cache-control': 'no-store', 'retry-after': '1' })
    .send(JSON.stringify(toProblem({ code: 'unavailable', message: detail, errors: undefined })))
}

/** Node's histogram holds the time between two ticks of a timer: what is beyond the timer's own interval is delay. Seconds. */
function loopDelay(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LOOP_RESOLUTION_MS) / 1000
}

async function collect(sources: ProbeSources, delay: ReturnType<typeof monitorEventLoopDelay>) {
  const { Gauge, Registry, collectDefaultMetrics } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  gauge('bandstand_recording_bytes', 'Bytes that recordings take on disk', () => sources.store.usage())
  gauge('bandstand_live_memory_bytes', 'Bytes of live media in memory', () => sources.budget.used)
  gauge('bandstand_http_connections', 'Open HTTP connections', () => sources.connections().http)
  gauge('bandstand_rtmp_connections', 'Open connections of RTMP and RTMPS', () => sources.connections().rtmp)
  const srt = (name: keyof SrtFigures, as: string, help: string) =>
    gauge(`bandstand_srt_${as}`, help, () => sources.srt()?.[name] ?? 0)
  srt('connections', 'connections', 'Open SRT connections, of encoders and readers')
  srt('packets', 'packets', 'SRT packets received since the start')
  srt('lost', 'lost', 'SRT packets that were missing at first, since the start')
  srt('recovered', 'retransmitted', 'SRT packets that came when they were sent again, since the start')
  srt('dropped', 'dropped', 'SRT packets given up as too late, since the start')
  const webrtc = (name: keyof WebRtcFigures, help: string, as: string = name) =>
    gauge(`bandstand_webrtc_${as}`, help, () => sources.webrtc()?.[name] ?? 0)
  webrtc('sessions', 'Viewers by WebRTC, those that are connecting among them')
  webrtc('connected', 'Viewers by WebRTC that are connected')
  webrtc('packets', 'RTP packets sent since the WebRTC process was started')
  webrtc('resent', 'RTP packets sent again since the WebRTC process was started')
  webrtc(
    'refused',
    'RTP packets not sent again, for they would have been too many, since the WebRTC process was started',
  )
  webrtc('droppedGroups', 'Groups of pictures lost because the WebRTC process did not keep up', 'dropped_groups')
  webrtc('failed', 'Streams given up because they could not be made into packets')
  const hook = (name: keyof PublishHookFigures, help: string) =>
    gauge(`bandstand_publish_hook_${name}`, help, () => sources.publishHook()?.[name] ?? 0)
  hook('allowed', 'Encoders that the publish hook let in')
  hook('redirected', 'Encoders that it let in on another channel')
  hook('refused', 'Encoders that it refused')
  hook('failed', 'Encoders refused because it gave no answer that can be understood')
  hook('running', 'Calls of it under way')
  hook('waiting', 'Encoders whose call has yet to begin')
  const whip = (name: keyof WhipFigures, help: string) =>
    gauge(`bandstand_whip_${name}`, help, () => sources.whip()?.[name] ?? 0)
  whip('sessions', 'Encoders by WHIP, those that are connecting among them')
  whip('connected', 'Encoders by WHIP that are connected')
  gauge('bandstand_event_loop_delay_p99_seconds', 'Since the last scrape', () => loopDelay(delay.percentile(99)))
  gauge('bandstand_event_loop_delay_max_seconds', 'Since the last scrape', () => {
    const seconds = loopDelay(delay.max)
    delay.reset()
    return seconds
  })
  const { delivery } = sources
  const delivered = 'From the closing of a part to its last byte for the last viewer who waited, since the last scrape'
  gauge('bandstand_part_delivery_count', 'Parts delivered since the last scrape', () => delivery.count)
  gauge('bandstand_part_delivery_p50_seconds', delivered, () => delivery.quantile(0.5))
  gauge('bandstand_part_delivery_p99_seconds', delivered, () => delivery.quantile(0.99))
  gauge('bandstand_part_delivery_max_seconds', delivered, () => {
    const seconds = delivery.quantile(1)
    delivery.reset()
    return seconds
  })
  gauge('bandstand_http_pending_bytes', 'Bytes that slow viewers have not taken', () => outboxFigures.pendingBytes)
  gauge('bandstand_http_over_budget', 'Answers refused as too much was pending', () => outboxFigures.overBudget)
  gauge('bandstand_http_over_deadline', 'Answers cut off as too slow', () => outboxFigures.overDeadline)
  gauge('bandstand_http_stored_bytes', 'Bytes read for answers under way', () => outboxFigures.storedBytes)
  gauge(
    'bandstand_http_over_stored',
    'Answers refused as too much was read, or too many downloads ran',
    () => outboxFigures.overStored,
  )
  /** A channel without a value has no sample. */
  const perChannel = (name: string, help: string, values: () => readonly (readonly [string, number | undefined])[]) =>
    new Gauge({
      ...{ name, help, labelNames: ['channel'], registers: [registry] },
      collect() {
        this.reset()
        for (const [channel, value] of values()) if (value !== undefined) this.set({ channel }, value)
      },
    })
  perChannel('bandstand_viewers', 'Distinct players in the last 15 s', () =>
    sources.viewers().map(({ channel, viewers }) => [channel, viewers]),
  )
  const ladder = (name: string, help: string, of: (ladder: LadderReport) => number | undefined) =>
    perChannel(`bandstand_ladder_${name}`, help, () =>
      sources.ladders().map(({ channel, ladder }) => [channel, of(ladder)]),
    )
  const shed = ({ rungs }: LadderReport) => rungs.filter((rung) => rung.shed).length
  ladder('rungs', 'Rungs that are being made', (report) =>
    report.state === 'running' ? report.rungs.length - shed(report) : 0,
  )
  ladder('shed', 'Rungs left out for a while, as the machine is too slow', shed)
  ladder('speed', 'Of real time, as ffmpeg says; none while it does not run', ({ speed }) => speed)
  ladder(
    'restarts',
    'Times ffmpeg ended that it should not have, since the broadcast began',
    ({ restarts }) => restarts,
  )
  const sound = (name: string, help: string, of: (sound: SoundReport) => number) =>
    perChannel(`bandstand_sound_${name}`, help, () =>
      sources.sounds().map(({ channel, sound }) => [channel, of(sound)]),
    )
  sound('running', '1 while AAC is made of sound in another codec', ({ state }) => (state === 'running' ? 1 : 0))
  sound('restarts', 'Times its ffmpeg ended that it should not have, since the broadcast began', (of) => of.restarts)
  return async () => ({ type: registry.contentType, text: await registry.metrics() })
}
