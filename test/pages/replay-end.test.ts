import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { createStudio } from '@bandstand/engine/packager/fixtures/studio.ts'
import { chooseTiming } from '@bandstand/engine/packager/timing.ts'
import { loop, smallClip } from '@bandstand/engine/replay/fixtures/broadcast.ts'
import { createDiskStore } from '@bandstand/engine/store/disk.ts'
import { quietLog, retention } from '@bandstand/engine/store/fixtures/material.ts'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { type PlayerElement, until } from '../support/our-player.ts'
import { waitFor } from '../support/wait.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { record } from './recorded.ts'

/** Replays of broadcasts in which the server was killed come to their end. */

let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  page = await browser.newPage({ viewport: { width: 800, height: 600 } })
})
afterEach(async () => {
  await page.context().close()
  await mock.close()
})

const clip = smallClip()
/** When the server is killed: a part of sound and one of pictures have just ended, almost together. Seconds. */
const killedAt = 2.55
/** Of what comes after. */
const seconds = 6

/**
 * A server is killed while an encoder sends, and another encoder comes to the one that goes on. That begins behind the pictures
 * that may have been shown, a frame after those that were recorded: so much of the sound is missing between them.
 */
async function recordKilled(root: string, id: string): Promise<void> {
  const first = createDiskStore({ root, log: quietLog, retention })
  let writer = first.create(id, chooseTiming([]))
  const killed = createStudio({ sinks: () => [writer] })
  killed.connect({ video: clip.video, audio: clip.audio })
  killed.send([...loop(clip, 2)].filter(({ at }) => at < killedAt))
  await writer.written()
  await first.close()
  const next = createDiskStore({ root, log: quietLog, retention })
  const [index] = await next.recover()
  assert.ok(index !== undefined)
  writer = next.resume(id)
  const studio = createStudio({ sinks: () => [writer], recovered: { index, now: killed.now + 10_000 } })
  studio.connect({ video: clip.video, audio: clip.audio })
  studio.send(loop(clip, seconds / 3))
  studio.stop()
  await writer.end()
  await next.close()
}

/** Lengths of the holes in what the video has buffered, seconds. */
function holes(): Promise<number[]> {
  return page.evaluate(() => {
    const { buffered } = document.querySelector<PlayerElement>('bandstand-player')?.video ?? {}
    if (!buffered) return []
    return Array.from({ length: buffered.length - 1 }, (_, i) => buffered.start(i + 1) - buffered.end(i))
  })
}

/** Milliseconds. A player that waits for more loads everything anew after 40 s. */
const soon = 20_000

test('a replay of a broadcast whose server was killed ends, at the key End and by itself', async (t) => {
  const length = killedAt + seconds
  await record(t, mock, 'as_old', length, (root) => recordKilled(root, 'as_old'))
  await page.goto(`${mock.url}/watch/as_old`)
  await until(page, 'plays', ({ phase, frames }) => phase === 'replay' && frames > 2)
  const [hole = 1] = await waitFor('a hole', async () => {
    const all = await holes()
    return all.length > 0 && all
  })
  assert.ok(hole < 0.1, `${hole} s, which hls.js takes for a hole`)
  await page.keyboard.press('End')
  await until(page, 'ends', ({ phase }) => phase === 'ended', soon)
  // Behind the hole, and long before the end.
  await page.keyboard.press('4')
  await until(page, 'plays again', ({ phase, time }) => phase === 'replay' && time < length - 0.5)
  await until(page, 'ends by itself', ({ phase }) => phase === 'ended', soon)
})
