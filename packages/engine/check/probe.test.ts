import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'
import type { Fetched, Observation, Snapshot } from './observation.ts'
import { probe } from './probe.ts'

const url = 'https://example.test/v1.m3u8'
const live = [
  '#EXTM3U',
  '#EXT-X-VERSION:9',
  '#EXT-X-TARGETDURATION:4',
  '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05',
  '#EXT-X-PART-INF:PART-TARGET=0.35',
  '#EXTINF:2,',
  's1.m4s',
  '',
].join('\n')

/** What single requests were kept, where the server answers those with directives with `text`. */
async function probed(text: string) {
  const answer = (of: string, body: string): Fetched => ({
    ...{ url: of, method: 'GET', status: 200, headers: new Map(), startedAt: 0, endedAt: 1 },
    ...{ body: Buffer.from(body), size: body.length },
  })
  const read = parsePlaylist(live)
  assert.ok(read?.kind === 'media')
  const fetched = answer(url, live)
  const snapshot: Snapshot = { fetched, directives: {}, playlist: read.playlist, issues: [], encrypted: false }
  const observation: Observation = {
    url,
    top: fetched,
    renditions: [{ url, role: 'only', snapshots: [snapshot], deltas: [], objects: new Map(), again: [] }],
    truncated: new Set(),
    probes: {},
  }
  await probe((of) => Promise.resolve(answer(of, of.includes('_HLS_') ? text : '')), observation)
  return observation.probes
}

test('requests that are to be refused are made while the stream is live', async () => {
  const { farFuture, partWithoutMsn } = await probed(live)
  assert.deepEqual([farFuture?.status, partWithoutMsn?.status], [200, 200])
})

test('a stream that ended meanwhile ignores directives, and is not blamed for it', async () => {
  const { farFuture, partWithoutMsn } = await probed(`${live}#EXT-X-ENDLIST\n`)
  assert.deepEqual([farFuture, partWithoutMsn], [undefined, undefined])
})
