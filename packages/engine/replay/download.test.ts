import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createStudio } from '../packager/fixtures/studio.ts'
import type { Part } from '../packager/model.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, START, temporaryFolder, timing } from '../store/fixtures/material.ts'
import type { AssetIndex, SegmentStore } from '../store/port.ts'
import { planDownload } from './download.ts'
import { largeClip, loop } from './fixtures/broadcast.ts'

const clip = largeClip()

/** An encoder of which so many parts are recorded until the process dies; what the next one finds. */
async function crash(root: string, most: number, index?: AssetIndex): Promise<[SegmentStore, AssetIndex]> {
  const store = createDiskStore({ root, log: quietLog, retention })
  if (index !== undefined) await store.recover()
  const writer = index === undefined ? store.create('as_one', timing) : store.resume('as_one')
  let room = most
  const { epoch, reserve } = writer
  const part = (one: Part) => room-- > 0 && writer.part(one)
  const recovered = index && { index, now: START + 60_000 }
  const studio = createStudio({ sinks: () => [{ epoch, reserve, part }], ...(recovered && { recovered }) })
  studio.connect({ video: clip.video, audio: clip.audio })
  studio.send(loop(clip, 1))
  await writer.written()
  await store.close()
  const next = createDiskStore({ root, log: quietLog, retention })
  const [found] = await next.recover()
  assert.ok(found !== undefined)
  return [next, found]
}

test('a download shows the next encoder after what a crash left, wherever it cut between B-frames', async (t) => {
  for (let kept = 1; kept <= 12; kept++) {
    const root = await temporaryFolder(t)
    const [first, index] = await crash(root, kept)
    await first.close()
    const [store, both] = await crash(root, 6, index)
    assert.equal(both.epochs.length, 2)
    const download = await planDownload(store, both)
    assert.ok(download !== undefined)
    const file = join(root, 'download.mp4')
    await writeFile(file, Buffer.concat(await Array.fromAsync(download.open(0, download.total - 1))))
    await store.close()
    const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts', '-of', 'csv=p=0', file]
    const shown = String(execFileSync('ffprobe', args)).trim().split('\n').map(Number)
    const inOrder = shown.toSorted((a, b) => a - b)
    const apart = inOrder.slice(1).map((pts, i) => pts - (inOrder[i] ?? 0))
    assert.ok(Math.min(...apart) >= 2_900, `two pictures ${Math.min(...apart)} ticks apart after ${kept} parts`)
  }
})
