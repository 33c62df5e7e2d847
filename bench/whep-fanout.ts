import { setTimeout as sleep } from 'node:timers/promises'
import { startBandstand } from '../test/support/bandstand.ts'
import { chromium } from '../test/support/browser.ts'
import { ffmpegPublish } from '../test/support/encoders.ts'
import { startLossyRelay } from '../test/support/lossy-relay.ts'
import { servePlayerPage } from '../test/support/player-page.ts'
import { waitLive } from '../test/support/published.ts'
import { readUsage } from '../test/support/usage.ts'
import { whepFigures, whepJoin } from '../test/support/whep-page.ts'
import { readMetrics } from './support/metrics.ts'
import { startReceivers } from './support/receivers.ts'
import { megabytes, report } from './support/report.ts'

/**
 * One stream of 2.5 Mbit/s to many viewers by WHEP: packets for each second of processor time that the WebRTC process used, all of
 * its threads counted, what was missing, and its memory. And one Chromium among them that loses 1 % of all packets, of either side.
 */
const viewers = Number(process.env['VIEWERS'] ?? 100)
const seconds = Number(process.env['SECONDS_EACH'] ?? 20)

const server = await startBandstand({ ffmpeg: true, args: ['--max-webrtc-viewers-per-address', '1000'] })
const encoder = ffmpegPublish({ url: server.publishUrl, width: 1280, height: 720, bitrate: 2500 })
await waitLive(server, 'main')
const url = `${server.http}/live/main/whep`
const receivers = await startReceivers(url, viewers, (3 * seconds + 120) * 1_000)
try {
  await sleep(3_000)
  const pid = Number(server.log().findLast(({ msg }) => msg === 'webrtc process runs')?.['pid'])
  const sample = async () => ({
    usage: readUsage(pid),
    sent: (await readMetrics(server.http)).get('bandstand_webrtc_packets') ?? 0,
    got: await receivers.now(),
  })
  const before = await sample()
  await sleep(seconds * 1_000)
  const after = await sample()
  const sent = after.sent - before.sent
  const rate = sent / ((after.usage.cpu - before.usage.cpu) / 1_000)
  const missing = after.got.missing - before.got.missing
  report({
    what: `WHEP fan-out, ${viewers} viewers, packets a second of one core`,
    measured: `${Math.round(rate / 1_000)} thousand; ${missing} of ${sent} missing, ${megabytes(after.usage.rss)}`,
    must: '100 thousand (aim 150), lossless',
    ok: rate >= 100_000 && missing === 0,
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
  await encoder.stop('SIGINT')
  await server.stop()
}
