import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand, streamKey } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { startLossyRelay } from '../test/support/lossy-relay.ts'
import { servePlayerPage } from '../test/support/player-page.ts'
import { waitLive } from '../test/support/published.ts'
import { readUsage } from '../test/support/usage.ts'
import { whepFigures, whepJoin } from '../test/support/whep-page.ts'
import { startJanus } from './peers/janus.ts'
import { makeClip } from './support/clips.ts'
import { startPublishers } from './support/publishers.ts'
import { type Receivers, startReceivers } from './support/receivers.ts'
import { megabytes, report } from './support/report.ts'

/**
 * One stream of 2.5 Mbit/s to many viewers by WHEP: packets for each second of processor time that the WebRTC process used, all of
 * its threads counted, what was missing, and its memory; the same of Janus. And one Chromium among them that loses 1 % of all
 * packets, of either side.
 */
const viewers = Number(process.env['VIEWERS'] ?? 100)
const seconds = Number(process.env['SECONDS_EACH'] ?? 20)
const limit = (3 * seconds + 120) * 1_000

interface FanOut {
  readonly arrived: number
  readonly missing: number
  /** Processor time of each process, in ms. */
  readonly cpu: readonly number[]
  /** Resident memory of the first, in bytes. */
  readonly rss: number
}

/** @param pids the process that sends, and others that have a part in it */
async function measure(receivers: Receivers, ...pids: readonly number[]): Promise<FanOut> {
  const sample = async () => ({ usage: pids.map(readUsage), got: await receivers.now() })
  await sleep(3_000)
  const before = await sample()
  await sleep(seconds * 1_000)
  const after = await sample()
  return {
    arrived: after.got.packets - before.got.packets,
    missing: after.got.missing - before.got.missing,
    cpu: after.usage.map(({ cpu }, index) => cpu - (before.usage[index]?.cpu ?? 0)),
    rss: after.usage[0]?.rss ?? 0,
  }
}

/** Packets that arrived, for each second of the processor time of the first `processes`. */
function packetsPerCore({ arrived, cpu }: FanOut, processes = 1): number {
  return arrived / (cpu.slice(0, processes).reduce((sum, ms) => sum + ms, 0) / 1_000)
}

const printed = (fanOut: FanOut) =>
  `${Math.round(packetsPerCore(fanOut) / 1_000)} thousand; ` +
  `${fanOut.missing} of ${fanOut.arrived + fanOut.missing} missing, ${megabytes(fanOut.rss)}`

async function measureJanus(clip: string): Promise<FanOut> {
  const janus = await startJanus(clip)
  try {
    const receivers = await startReceivers(janus.whep, viewers, limit)
    try {
      return await measure(receivers, janus.pid)
    } finally {
      await receivers.stop()
    }
  } finally {
    await janus.stop()
  }
}

const clip = await makeClip({ seconds: 10, bitrate: 2500 })
const peer = await measureJanus(clip)

const server = await startBandstand({ ffmpeg: true, args: ['--max-webrtc-viewers-per-address', '1000'] })
const encoder = await startPublishers(clip, server.rtmp, [streamKey])
await waitLive(server, 'main')
const url = `${server.http}/live/main/whep`
const receivers = await startReceivers(url, viewers, limit)
try {
  const pid = Number(server.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])
  const ours = await measure(receivers, pid, server.pid)
  report({
    what: `WHEP fan-out, ${viewers} viewers, packets a second of one core`,
    measured: printed(ours),
    must: '100 thousand (aim 150), lossless',
    ok: packetsPerCore(ours) >= 100_000 && ours.missing === 0,
  })
  const times = (processes: number) => (packetsPerCore(ours, processes) / packetsPerCore(peer)).toFixed(2)
  report({
    what: `WHEP fan-out, ${viewers} viewers, packets a second of one core, against Janus (given RTP in place of RTMP)`,
    measured: `${times(1)} × as many; ${times(2)} × with our server process counted, which takes RTMP, records and makes HLS`,
    peer: printed(peer),
  })

  const browser = await chromium()
  const pages = await servePlayerPage()
  const relay = await startLossyRelay(Number(String(server.ready['webrtc']).split(':').at(-1)), { loss: 0 })
  try {
    const page = await pages.open(browser)
    await whepJoin(page, url, { port: relay.port, looks: false })
    await sleep(5_000)
    /** Share of the time in which the picture stood still. */
    const frozen = async (loss: number) => {
      Object.assign(relay, { loss, lossUp: loss })
      const early = await whepFigures(page)
      await sleep(seconds * 1_000)
      const late = await whepFigures(page)
      const rate = (late.framesDecoded - early.framesDecoded) / seconds
      return { share: (late.freezeSeconds - early.freezeSeconds) / seconds, rate }
    }
    // What this machine and its browser do by themselves.
    const floor = await frozen(0)
    const lossy = await frozen(0.01)
    report({
      what: `frozen in Chromium with 1 % of packets lost each way, beside ${viewers} viewers`,
      measured: `${(lossy.share * 100).toFixed(2)} % of the time (${(floor.share * 100).toFixed(2)} % without loss); ${relay.lost} lost, ${lossy.rate.toFixed(1)} pictures a second`,
      must: '< 1 %',
      ok: lossy.share - floor.share < 0.01,
    })
  } finally {
    await browser.close()
    await pages.close()
    await relay.close()
  }
} finally {
  await receivers.stop()
  await encoder.stop()
  await server.stop()
}
