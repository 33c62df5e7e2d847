import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, afterEach, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { chromium } from '../support/browser.ts'
import { type ClockPicturePublisher, pictureAge, publishClockPicture } from '../support/clock-picture.ts'
import { isLong, longOnly } from '../support/long.ts'
import { type Look, look, type PlayerElement, shoot, until } from '../support/our-player.ts'
import { signIn } from '../support/owner.ts'
import { waitLive } from '../support/published.ts'
import { starving, watchStarving } from '../support/usage.ts'
import { waitFor } from '../support/wait.ts'

/** The player that picks on a real server with a real encoder; each kind of trouble is tested against a mock beside this. */

let server: Bandstand
/** Of what runs with `npm run test:long` alone. */
let blocked: Bandstand | undefined
let browser: Browser
let encoders: ClockPicturePublisher[]

before(async () => {
  server = await startBandstand({ ffmpeg: true })
  // At the address that it tells its viewers nobody answers (RFC 5737): as behind a firewall that lets no UDP through.
  if (isLong) blocked = await startBandstand({ ffmpeg: true, args: ['--webrtc-addresses', '192.0.2.1'] })
  browser = await chromium()
  const all = [server, ...(blocked ? [blocked] : [])]
  encoders = all.map(({ publishUrl }) => publishClockPicture({ url: publishUrl, height: 360, bitrate: '1200k' }))
  for (const one of all) {
    await (await signIn(one)).call('PATCH', '/channels/main', { latency: 'real-time' })
    await waitLive(one, 'main')
  }
})
after(async () => {
  await browser?.close()
  for (const encoder of encoders ?? []) await encoder.stop()
  await server?.stop()
  await blocked?.stop()
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
})

const by = (transport: string) => (seen: Look) => seen.playing === transport && seen.phase === 'live' && seen.frames > 0

async function goesOn(page: Page, transport: string): Promise<void> {
  let { frames } = await until(page, `${transport} plays`, by(transport), 90_000)
  await until(page, `${transport} goes on`, (seen) => {
    // Another stream counts from nothing.
    frames = Math.min(frames, seen.frames)
    return by(transport)(seen) && seen.frames > frames + 30
  })
}

async function open(on: Bandstand, path = '/@main', prepare?: (page: Page) => void): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
  const page = await context.newPage()
  prepare?.(page)
  await page.goto(on.http + path)
  return page
}

/** The process in which a server's WebRTC lives. */
function webrtcProcess({ pid }: Bandstand): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1])
      if (parent === pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('engine/webrtc/main'))
        return Number(name)
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined
}

test('where no UDP gets through LL-HLS plays two seconds later, and the menu says why', longOnly, async (t) => {
  const away = blocked ?? assert.fail('not started')
  // The others go on without these.
  t.after(() => Promise.all([encoders[1]?.stop(), away.stop()]))
  const begun = performance.now()
  const page = await open(away)
  await until(page, 'LL-HLS', by('ll-hls'))
  t.diagnostic(`${Math.round(performance.now() - begun)} ms`)
  await page.getByRole('button', { name: 'Quality and delay' }).click()
  await page.getByText(/Real time: No direct connection came about/).waitFor()
  await shoot(page, 'blocked')
})

test('a real-time channel plays by WebRTC with sound, and the delay it says is true', async (t) => {
  const page = await open(server)
  await goesOn(page, 'webrtc')
  await waitFor('pictures and sound', async () => {
    const tracks = await page.evaluate(() => {
      const { video } = document.querySelector('bandstand-player') as PlayerElement
      return ((video.srcObject as MediaStream | null)?.getTracks() ?? []).map(({ kind, muted }) => `${kind} ${muted}`)
    })
    return tracks.sort().join() === 'audio false,video false'
  })
  await page.waitForTimeout(2000)
  for (let round = 1; ; round++) {
    const pairs: { said: number; real: number }[] = []
    const watched = watchStarving()
    for (let i = 0; i < 30; i++) {
      await page.waitForTimeout(100)
      const real = await page.evaluate<number>(`(${pictureAge})(document.querySelector('bandstand-player').video)`)
      pairs.push({ said: (await look(page)).behind, real: real / 1000 })
    }
    const middle = (pick: (pair: (typeof pairs)[0]) => number) => pairs.map(pick).sort((a, b) => a - b)[15] ?? 0
    const [said, real] = [middle((pair) => pair.said), middle((pair) => pair.real)]
    const starved = watched()
    const both = `says ${said.toFixed(3)} s, glass to glass ${real.toFixed(3)} s, starved ${Math.round(starved * 100)} %`
    t.diagnostic(both)
    // Drawing, encoding and the way to the server come before what the player knows of.
    if (said > 0.01 && said <= real + 0.05 && real - said < 0.3) break
    // An encoder without a processor is late, and no player can know of it.
    assert.ok(starved > starving && round < 4, both)
  }
  await page.getByRole('button', { name: 'Quality and delay' }).click()
  await page.getByText(/behind live, by WebRTC/).waitFor()
  await shoot(page, 'real-time')
  // The chat beside it is the same as with any other delay.
  const other = await open(server, '/@main/chat')
  await other.getByRole('textbox', { name: 'Message' }).fill('seen at once')
  await other.getByText('Joining the chat').waitFor({ state: 'hidden' })
  await other.keyboard.press('Enter')
  await other.getByLabel('What should we call you?').fill('Mira')
  await other.keyboard.press('Enter')
  await page.getByRole('log').getByText('seen at once').waitFor()
  await until(page, 'still in real time', by('webrtc'))
})

test('the process of WebRTC is killed: the picture goes on, and real time comes back by itself', async (t) => {
  const page = await open(server)
  await goesOn(page, 'webrtc')
  const pid = webrtcProcess(server)
  assert.ok(pid)
  const begun = performance.now()
  process.kill(pid, 'SIGKILL')
  const seen: string[] = []
  let { frames } = await look(page)
  await until(page, 'another picture after the kill', (now) => {
    frames = Math.min(frames, now.frames)
    const state = `${now.playing} ${now.phase}`
    if (seen.at(-1) !== state) seen.push(state)
    return performance.now() - begun > 1500 && now.phase === 'live' && now.frames > frames + 15
  })
  t.diagnostic(`${seen.join(', ')}; ${Math.round(performance.now() - begun)} ms`)
  await goesOn(page, 'webrtc')
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation').length), 1)
})

test('rewinding out of real time and back to it', longOnly, async () => {
  const page = await open(server)
  await goesOn(page, 'webrtc')
  await page.keyboard.press('Home')
  await until(page, 'the beginning', (seen) => seen.phase === 'behind' && seen.time < 15 && seen.behind > 8)
  await page.keyboard.press('End')
  await goesOn(page, 'webrtc')
})

test('each transport is forced by the attribute', longOnly, async () => {
  const page = await open(server, '/@main/embed')
  for (const transport of ['hls', 'll-hls', 'webrtc']) {
    await page.evaluate((to) => document.querySelector('bandstand-player')?.setAttribute('transport', to), transport)
    await goesOn(page, transport)
  }
})

test('an encoder that reconnects: real time goes on without a reload', longOnly, async () => {
  const page = await open(server)
  await goesOn(page, 'webrtc')
  const watched = watchStarving()
  const ways = new Set<string | undefined>()
  await encoders[0]?.kill()
  for (const end = Date.now() + 5000; Date.now() < end; await page.waitForTimeout(200)) {
    ways.add((await look(page)).playing)
  }
  encoders[0] = publishClockPicture({ url: `${server.rtmp}/${streamKey}`, height: 360, bitrate: '1200k' })
  let { frames } = await look(page)
  await until(page, 'a picture', (seen) => {
    ways.add(seen.playing)
    frames = Math.min(frames, seen.frames)
    return seen.phase === 'live' && seen.frames > frames + 30
  })
  // There is nothing newer by other ways. Without a processor the server's reports may be late, and the line seem broken.
  assert.ok(ways.size === 1 || watched() > starving, [...ways].join())
  await goesOn(page, 'webrtc')
})

// The last one: afterwards nothing is broadcast.
test('the end of a broadcast in real time, and a goodbye after it, leave no red line in the console', async () => {
  const watched = watchStarving()
  const errors: string[] = []
  const farewells: Promise<unknown>[] = []
  const sessions = new Map<Page, string>()
  const prepare = (page: Page) => {
    page.on('response', (answer) => {
      const { location } = answer.headers()
      if (answer.request().method() === 'POST' && location?.includes('/whep/') === true) sessions.set(page, location)
    })
    page.on('request', (asked) => void (asked.method() === 'DELETE' && farewells.push(asked.response())))
    page.on('console', (line) => {
      // Who loses the connection before he hears of the end asks for no other before he has asked whether there is one.
      // Pictures are made when there is a processor for them, and a page without one is as good as another.
      if (line.type() === 'error' && !line.location().url.endsWith('.jpg'))
        errors.push(`${line.text()} ${line.location().url}`)
    })
  }
  const viewers = await Promise.all([1, 2].map(() => open(server, '/@main', prepare)))
  for (const page of viewers) await goesOn(page, 'webrtc')
  await encoders[0]?.stop()
  for (const page of viewers) {
    await until(page, 'the end', ({ phase }) => phase === 'offline', 90_000)
    // All that was asked before is known with this, and all that was said of it.
    await page.evaluate(() => fetch('/').then(() => undefined))
    await Promise.all(farewells)
    // Whether the player says goodbye depends on which end it hears of first. The second of these comes after the end for certain.
    const session = sessions.get(page)
    assert.ok(session)
    for (let i = 0; i < 2; i++) {
      const goodbye = async (url: string) => (await fetch(url, { method: 'DELETE' })).status
      const status: number = await page.evaluate(goodbye, session)
      assert.equal(status, 200)
    }
    const told = page.waitForEvent('console', (line) => line.text() === 'told')
    await page.evaluate(() => console.debug('told'))
    await told
  }
  // Where an answer takes a second a page asks before it knows.
  assert.ok(errors.length === 0 || watched() > starving, errors.join('\n'))
})
