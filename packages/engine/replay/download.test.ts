import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { AUDIO_TRACK, type TrackId, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { parseFragment } from '@bandstand/media/containers/isobmff/parse-fragment.ts'
import { createStudio } from '../packager/fixtures/studio.ts'
import type { Part } from '../packager/model.ts'
import { createDiskStore } from '../store/disk.ts'
import { quietLog, retention, START, temporaryFolder, timing } from '../store/fixtures/material.ts'
import type { AssetIndex, SegmentStore } from '../store/port.ts'
import { planDownload } from './download.ts'
import { largeClip, loop } from './fixtures/broadcast.ts'

const clip = largeClip()

interface Crash {
  readonly store: SegmentStore
  readonly index: AssetIndex
  /** Frames of each track that were recorded. */
  readonly frames: ReadonlyMap<TrackId, number>
}

/** An encoder of which so many parts are recorded until the process dies; what the next one finds. */
async function crash(root: string, most: number, index?: AssetIndex): Promise<Crash> {
  const store = createDiskStore({ root, log: quietLog, retention })
  if (index !== undefined) await store.recover()
  const writer = index === undefined ? store.create('as_one', timing) : store.resume('as_one')
  let room = most
  const frames = new Map<TrackId, number>()
  const { epoch, reserve } = writer
  const part = (one: Part) => {
    if (room-- <= 0) return
    writer.part(one)
    const { samples } = parseFragment(one.bytes)
    frames.set(one.track, (frames.get(one.track) ?? 0) + samples.length)
  }
  const recovered = index && { index, now: START + 60_000 }
  const studio = createStudio({ sinks: () => [{ epoch, reserve, part }], ...(recovered && { recovered }) })
  studio.connect({ video: clip.video, audio: clip.audio })
  studio.send(loop(clip, 1))
  await writer.written()
  await store.close()
  const next = createDiskStore({ root, log: quietLog, retention })
  const [found] = await next.recover()
  assert.ok(found !== undefined)
  return { store: next, index: found, frames }
}

/** Seconds of a file, and at which each of its tracks' frames are shown, in the order of the file. */
function probe(file: string): { readonly duration: number; readonly times: (kind: string) => readonly number[] } {
  const entries = ['-show_entries', 'packet=codec_type,pts_time:format=duration', '-of', 'json']
  const found = JSON.parse(String(execFileSync('ffprobe', ['-v', 'error', ...entries, file]))) as {
    readonly packets: readonly { readonly codec_type: string; readonly pts_time: string }[]
    readonly format: { readonly duration: string }
  }
  const times = (kind: string) => found.packets.filter((p) => p.codec_type === kind).map((p) => Number(p.pts_time))
  return { duration: Number(found.format.duration), times }
}

/** Seconds from the first picture of the newest encoder to its first sound, on the broadcast's clock. */
function soundBehindPicture({ tracks, epochs }: AssetIndex): number {
  const [picture = 0, sound = 0] = [VIDEO_TRACK, AUDIO_TRACK].map((id) => {
    const all = [...(tracks.find(({ track }) => track === id)?.segments ?? [])]
    const first = all.find(({ epoch, gap }) => epoch === epochs.at(-1)?.id && !gap)
    return (first?.start ?? 0) / (first?.timescale ?? 1)
  })
  return sound - picture
}

test('a download shows the next encoder after what a crash left, wherever it cut between B-frames', async (t) => {
  for (let kept = 1; kept <= 12; kept++) {
    const after = `after ${kept} parts`
    const root = await temporaryFolder(t)
    const first = await crash(root, kept)
    await first.store.close()
    const { store, index } = await crash(root, 6, first.index)
    assert.equal(index.epochs.length, 2)
    const download = await planDownload(store, index)
    assert.ok(download !== undefined)
    const path = join(root, 'download.mp4')
    await writeFile(path, Buffer.concat(await Array.fromAsync(download.open(0, download.total - 1))))
    await store.close()
    const file = probe(path)
    const [pictures, sound] = [file.times('video'), file.times('audio')]
    const inOrder = pictures.toSorted((a, b) => a - b)
    const apart = Math.min(...inOrder.slice(1).map((time, i) => time - (inOrder[i] ?? 0)))
    assert.ok(apart >= 0.0322, `two pictures ${apart} s apart ${after}`)
    // What comes of that is as little as the pictures that wait for others: two here.
    const longer = file.duration - download.duration
    assert.ok(longer > -0.005 && longer < 0.1, `${longer} s longer than the playlists ${after}`)
    const [picture = 0, heard = 0] = [
      pictures[first.frames.get(VIDEO_TRACK) ?? 0],
      sound[first.frames.get(AUDIO_TRACK) ?? 0],
    ]
    const off = heard - picture - soundBehindPicture(index)
    assert.ok(Math.abs(off) < 0.002, `sound is ${off} s late ${after}`)
  }
})
