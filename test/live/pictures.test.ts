import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseStoryboard } from '@bandstand/ui/player/storyboard.ts'
import { startBandstand } from '../support/bandstand.ts'
import { publishClockPicture } from '../support/clock-picture.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { assertConforms, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { waitFor } from '../support/wait.ts'

/** Luma of a JPEG, one byte a pixel. */
async function decode(jpeg: Uint8Array): Promise<{ width: number; height: number; luma: Buffer }> {
  const args = [
    '-v',
    'error',
    '-f',
    'image2pipe',
    '-i',
    'pipe:0',
    '-pix_fmt',
    'gray',
    '-c:v',
    'pgm',
    '-f',
    'image2pipe',
  ]
  const file = `${temporaryFolder('picture')}/picture.pgm`
  const running = start(findProgram('ffmpeg'), [...args, file], { limit: 20_000 })
  running.stdin.end(jpeg)
  await running.exited
  const bytes = readFileSync(file)
  const [head = '', width, height] = /^P5\s(\d+)\s(\d+)\s255\s/.exec(bytes.toString('latin1', 0, 40)) ?? []
  return { width: Number(width), height: Number(height), luma: bytes.subarray(head.length) }
}

/** Unix ms, lowest 32 bits, that the clock picture shows. */
async function clockOf(jpeg: Uint8Array): Promise<number> {
  const { width, height, luma } = await decode(jpeg)
  assert.deepEqual([width, height], [640, 360])
  const block = width / 40
  let shown = 0
  for (let bit = 31; bit >= 0; bit--) {
    shown = shown * 2 + ((luma[Math.round(8 * width + (bit + 0.5) * block)] ?? 0) > 125 ? 1 : 0)
  }
  return shown
}

/**
 * Its pictures show the moments that their cues say.
 *
 * @param began when the first picture was made; Unix ms, lowest 32 bits.
 * @param late ms by which an encoder on a busy machine fell behind the clock that it shows.
 */
async function assertStoryboard(url: string, began: number, late: number): Promise<void> {
  const previews = parseStoryboard(await (await fetch(url)).text(), url)
  assert.ok(previews.length >= 2, `${previews.length} pictures`)
  for (const { from, sheet, x, y, width, height } of previews) {
    assert.deepEqual([width, height], [160, 90])
    const { luma, width: row } = await decode(await picture(sheet))
    // Of the clock's blocks, 4 pixels each here, those of 1 s and more: 10 to 31.
    let shown = 0
    for (let bit = 31; bit >= 10; bit--) {
      const at = Math.round((y + 2) * row + x + (bit + 0.5) * 4)
      shown += (luma[at] ?? 0) > 125 ? 2 ** bit : 0
    }
    const off = shown - (began + from * 1000)
    assert.ok(off > -3_000 && off < 3_000 + late, `the picture at ${from} s is ${off} ms off`)
  }
}

/**
 * A broadcast is live a moment before its first key frame can be read; and where all else wants a processor an attempt is given up, the next is
 * made 18 s after it, and another half a minute later.
 */
function picture(url: string): Promise<Uint8Array> {
  return waitFor(
    `a picture at ${url}`,
    async () => {
      const answer = await fetch(url)
      return answer.ok && new Uint8Array(await answer.arrayBuffer())
    },
    90_000,
  )
}

// Each has servers of its own; the first waits for a quarter of a minute of broadcast.
describe('pictures', { concurrency: true }, () => {
  test('the picture of a live channel follows the broadcast, its recording has one, and pages name both', async () => {
    const server = await startBandstand({ ffmpeg: true })
    const encoder = publishClockPicture({ url: server.publishUrl, height: 360, bitrate: '1200k' })
    try {
      const began = (await encoder.firstFrame) % 2 ** 32
      await waitLive(server, 'main')
      const thumbnail = `${server.http}/live/main/thumbnail.jpg`
      const first = await clockOf(await picture(thumbnail))
      const now = Date.now() % 2 ** 32
      assert.ok(first >= began && first <= now, `${began} <= ${first} <= ${now}`)
      const { assetId } = await getChannel(server, 'main')
      assert.ok(assetId !== null)
      const storyboard = `${server.http}/vod/${assetId}/storyboard.vtt`
      const statuses = new Set<number>()
      const later = await waitFor(
        'another picture, and more than one in the storyboard',
        async () => {
          const answer = await fetch(thumbnail)
          statuses.add(answer.status)
          const shown = await clockOf(new Uint8Array(await answer.arrayBuffer()))
          // Every 10 s of media has one, which take longer where the encoder had to leave pictures out.
          const previews = parseStoryboard(await (await fetch(storyboard)).text(), storyboard)
          return shown - first >= 8_000 && previews.length >= 2 && shown
        },
        60_000,
        500,
      )
      // Once there is a picture there is one each time.
      assert.deepEqual(statuses, new Set([200]))

      const page = await (await fetch(`${server.http}/@main`)).text()
      assert.match(page, new RegExp(`og:image" content="${server.http}/live/main/thumbnail.jpg"`))
      const [, link = ''] = /application\/json\+oembed" href="([^"]+)"/.exec(page) ?? []
      const embed = (await (await fetch(link)).json()) as { html: string }
      assert.ok(embed.html.includes(`src="${server.http}/@main/embed"`), embed.html)

      const sent = (Date.now() % 2 ** 32) - began
      await encoder.stop()
      const { duration } = await waitEnded(server, assetId)
      const poster = await clockOf(await picture(`${server.http}/vod/${assetId}/poster.jpg`))
      assert.ok(poster >= began && poster <= later, `${began} <= ${poster} <= ${later}`)
      await assertStoryboard(storyboard, began, Math.max(0, sent - (duration ?? 0)))
      // The last one stays for a while after the end.
      assert.ok((await clockOf(await picture(thumbnail))) >= later)
    } finally {
      await encoder.kill()
      await server.stop()
    }
  })

  test('a portrait with B-frames is scaled as it is shown; without ffmpeg the address says what is missing', async () => {
    const [server, bare] = await Promise.all([
      startBandstand({ ffmpeg: true }),
      startBandstand({ ffmpeg: true, args: ['--ffmpeg', '/nonexistent'] }),
    ])
    // Pixels of 4:3: 720 samples are 960 wide.
    const options = {
      url: server.publishUrl,
      width: 720,
      height: 1280,
      bFrames: 2,
      audio: false,
      extra: ['-aspect', '3:4'],
    }
    const encoders = [ffmpegPublish(options), ffmpegPublish({ url: bare.publishUrl, width: 320, height: 180 })]
    try {
      await Promise.all([waitLive(server, 'main'), waitLive(bare, 'main')])
      const { width, height, luma } = await decode(await picture(`${server.http}/live/main/thumbnail.jpg`))
      assert.deepEqual([width, height], [640, 852])
      // The test picture has all shades; a broken one is grey or green.
      const shades = [...new Set(luma)]
      assert.ok(Math.max(...shades) - Math.min(...shades) > 150)

      const missing = await fetch(`${bare.http}/live/main/thumbnail.jpg`)
      assert.equal(missing.status, 404)
      assert.match(((await missing.json()) as { detail: string }).detail, /ffmpeg was not found/)
      assert.doesNotMatch(await (await fetch(`${bare.http}/@main`)).text(), /thumbnail\.jpg/)
    } finally {
      for (const encoder of encoders) await encoder.stop()
      await Promise.all([server.stop(), bare.stop()])
    }
  })

  test('live goes on while an ffmpeg hangs, which ends with the server', async () => {
    const ffmpeg = `${temporaryFolder('hanging')}/ffmpeg`
    const note = `${ffmpeg}.pid`
    writeFileSync(ffmpeg, `#!/bin/sh\necho $$ >${note}\nkill -STOP $$\n`, { mode: 0o755 })
    const server = await startBandstand({ ffmpeg: true, args: ['--ffmpeg', ffmpeg] })
    const encoder = ffmpegPublish({ url: server.publishUrl, width: 320, height: 180 })
    try {
      await waitLive(server, 'main')
      await waitFor('ffmpeg to be started', async () => {
        const answer = fetch(`${server.http}/live/main/thumbnail.jpg`).catch(() => undefined)
        await Promise.race([answer, new Promise((done) => setTimeout(done, 500))])
        return existsSync(note)
      })
      await assertConforms(`${server.http}/live/main/index.m3u8`, 3)
    } finally {
      await encoder.stop()
      await server.stop()
    }
    const pid = Number(readFileSync(note, 'utf8'))
    await waitFor('ffmpeg to be gone', () => !existsSync(`/proc/${pid}`))
  })
})
