import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { initFor } from '../packager/model.ts'
import { createDiskStore } from './disk.ts'
import { partBytes, quietLog, retention, temporaryFolder } from './fixtures/material.ts'
import type { AssetIndex } from './port.ts'

const program = fileURLToPath(new URL('fixtures/writer-process.ts', import.meta.url))
const kills = process.env['BANDSTAND_LONG'] === '1' ? 300 : 12

interface Life {
  /** Highest part numbers that were shown, and that were on disk; -1 without any. */
  readonly seen: number
  readonly acknowledged: number
  /** Milliseconds from the begin of recovery to the first part; 0 without one. */
  readonly recovery: number
}

/** Lets the writer live for some milliseconds after it began to recover, or after its first part, then kills it. */
async function live(root: string, life: number, from: 'recovery' | 'first part', ms: number): Promise<Life> {
  const child = spawn(process.execPath, [program, root, String(life)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  let begun: number | undefined
  let recovery: number | undefined
  let timer: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    begun ??= performance.now()
    if (text.includes('s')) recovery ??= performance.now() - begun
    if (from === 'recovery' || recovery !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), ms)
  })
  await new Promise((resolve) => child.on('close', resolve))
  // The last line may be torn by the kill.
  const lines = text.split('\n').slice(0, -1)
  const last = (kind: string) => Number(lines.findLast((line) => line.startsWith(kind))?.slice(1) ?? -1)
  return { seen: last('s'), acknowledged: last('a'), recovery: recovery ?? 0 }
}

function shape(index: AssetIndex | undefined): string[][] {
  return (index?.tracks ?? []).map(({ segments }) =>
    [...segments].map((s) => `${s.msn} ${s.epoch} ${s.firstPart}-${s.lastPart} ${s.size} ${s.gap}`),
  )
}

test(`${kills} kills at random moments, a third of them while it recovers, lose nothing but the part in the making`, async (t) => {
  const root = await temporaryFolder(t)
  let before: string[][] = [[], []]
  let highest = -1
  let recovery = 0
  for (let life = 0; life < kills; life++) {
    const early = life % 3 === 2
    const ms = Math.random() * (early ? recovery : 40)
    const { seen, acknowledged, ...own } = await live(root, life, early ? 'recovery' : 'first part', ms)
    if (!early) recovery = own.recovery
    const store = createDiskStore({ root, log: quietLog, retention })
    const [found] = await store.recover()
    // Killed before the journal existed: there is nothing to lose yet.
    if (found === undefined) {
      assert.equal(acknowledged, -1)
      await store.close()
      continue
    }
    assert.equal(found.ended, false)
    highest = Math.max(highest, seen)
    assert.ok(found.next.part > highest, `number ${found.next.part} was seen before (${highest})`)
    const [video = [], audio = []] = shape(found)
    assert.equal(video.length, audio.length)
    for (const [i, line] of video.entries()) assert.equal(line.split(' ')[0], audio[i]?.split(' ')[0])
    // What an earlier process left is as it was, byte for byte.
    assert.deepEqual(video.slice(0, before[0]?.length), before[0])
    assert.deepEqual(audio.slice(0, before[1]?.length), before[1])
    let newest = -1
    for (const { track, segments } of found.tracks) {
      assert.equal(segments.length, video.length)
      // Every byte of what this life wrote, and of one segment of an earlier one.
      const fresh = segments.slice(Math.max(0, (before[0]?.length ?? 0) - 1))
      for (const segment of fresh) {
        if (segment.gap) continue
        const of = found.epochs.find(({ id }) => id === segment.epoch)
        assert.ok(initFor(of, track, segment.firstPart) !== undefined, `segment ${segment.msn}: nothing decodes it`)
        const bytes = await store.read('as_one', track, segment.firstPart, segment.lastPart)
        const expected: Uint8Array[] = []
        for (let n = segment.firstPart; n <= segment.lastPart; n++) expected.push(partBytes(track, n))
        assert.ok(bytes !== undefined && Buffer.concat(expected).equals(bytes), `segment ${segment.msn}`)
        newest = Math.max(newest, segment.lastPart)
      }
    }
    assert.ok(newest >= acknowledged, `part ${acknowledged} was on disk, newest is ${newest}`)
    before = [video, audio]
    await store.close()
  }
  assert.ok((before[0]?.length ?? 0) > 0)
})
