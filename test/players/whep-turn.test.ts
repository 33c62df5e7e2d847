import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { freeUdpPort } from '../../bench/support/free-port.ts'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { publishClip } from '../support/channels.ts'
import { until } from '../support/our-player.ts'
import { signIn } from '../support/owner.ts'
import { type PlayerPage, servePlayerPage } from '../support/player-page.ts'
import { type Running, start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { waitLive } from '../support/published.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { waitFor } from '../support/wait.ts'
import { whepFigures, whepJoin } from '../support/whep-page.ts'

const secret = 'test-secret-of-turn'

/** Debian's coturn on a free port of this machine. */
async function startTurn(): Promise<{ readonly port: number; readonly running: Running }> {
  const port = await freeUdpPort()
  const folder = temporaryFolder('turn')
  const running = start(findProgram('turnserver'), [
    ...['-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`],
    ...['--no-tls', '--no-dtls', '--no-cli', '--no-multicast-peers', '--allow-loopback-peers'],
    ...['--realm=test', '--use-auth-secret', `--static-auth-secret=${secret}`],
    ...['--log-file=stdout', '--simple-log', '--pidfile', `${folder}/pid`, '--db', `${folder}/db`],
  ])
  return { port, running }
}

/** Runs in the page: as behind a firewall that lets nothing out but to a TURN server. */
const firewall = `
globalThis.peers = []
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(wanted) {
    super({ ...wanted, iceTransportPolicy: 'relay' })
    globalThis.peers.push(this)
  }
}`

/** Text of a function for the page: how the relay is reached that a connected viewer has got, where it has got no address but such. */
const route = `async (peer) => {
  const reports = [...(await peer.getStats()).values()]
  if (!reports.some((report) => report.type === 'candidate-pair' && report.nominated)) return 'not connected'
  // What is learned from the other end has no protocol of its own.
  const own = reports.filter((report) => report.type === 'local-candidate' && report.candidateType !== 'prflx')
  return [...new Set(own.map((report) => report.candidateType + ' ' + report.relayProtocol))].join()
}`

for (const transport of ['udp', 'tcp'])
  describe(`WHEP through TURN by ${transport} alone`, () => {
    let server: Bandstand
    let browser: Browser
    let pages: PlayerPage
    let encoder: ReturnType<typeof publishClip>
    let turn: Awaited<ReturnType<typeof startTurn>>
    before(async () => {
      turn = await startTurn()
      const address = `turn:127.0.0.1:${turn.port}?transport=${transport}`
      server = await startBandstand({ ffmpeg: true, args: ['--ice-servers', address, '--turn-secret', secret] })
      browser = await chromium()
      pages = await servePlayerPage()
      encoder = publishClip(server.publishUrl)
      await waitLive(server, 'main')
    })
    after(async () => {
      await browser?.close()
      await pages?.close()
      await encoder?.stop()
      await server?.stop()
      await turn?.running.stop('SIGKILL')
    })

    it('a viewer that may use nothing else is told of the server and its password, and sees pictures', async () => {
      const url = `${server.http}/live/main/whep`
      const link = (await fetch(url, { method: 'OPTIONS' })).headers.get('link') ?? ''
      const [, urls, username, credential] =
        /^<([^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"/.exec(link) ?? []
      assert.ok(urls && username && credential, link)
      const page = await pages.open(browser)
      const joined = await whepJoin(page, url, { relay: true, iceServers: [{ urls, username, credential }] })
      assert.equal(joined.status, 201)
      await waitFor('pictures through the relay', async () => (await whepFigures(page)).shown >= 30)
      assert.equal(await page.evaluate(`(${route})(viewers.at(-1).pc)`), `relay ${transport}`)
      await page.close()
    })

    it('our player finds the way by the answer alone', async () => {
      await (await signIn(server)).call('PATCH', '/channels/main', { latency: 'real-time' })
      const page = await browser.newPage()
      await page.addInitScript(firewall)
      await page.goto(`${server.http}/@main/embed`)
      const { frames } = await until(page, 'real time', ({ playing }) => playing === 'webrtc')
      await until(page, 'pictures through the relay', (now) => now.playing === 'webrtc' && now.frames > frames + 30)
      assert.equal(await page.evaluate(`(${route})(peers.at(-1))`), `relay ${transport}`)
      await page.close()
    })
  })
