import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ConfiguredSource, isAddress, shownSource } from '@bandstand/engine/ingest/hls/configured.ts'
import { HLS_LIMITS } from '@bandstand/engine/ingest/hls/limits.ts'
import { createHlsClient } from '@bandstand/engine/ingest/hls/url/client.ts'
import type { Finding } from './finding.ts'

/** A share that hangs answers nothing at all. */
const ANSWER_MS = 5_000

/** Whether folders can be read and addresses answer. None of it is in the way of a start: what is not there may come. */
export function hlsSources(sources: readonly ConfiguredSource[]): Promise<Finding[]> {
  return Promise.all(sources.map(async ({ channel, from }) => ({ ...(await examine(from)), channel }))).then((found) =>
    found.map(({ why, channel }, i) => {
      const source = `HLS for ${channel}: ${shownSource(sources[i]?.from ?? '')}`
      return why === undefined
        ? { level: 'ok', text: `${source} can be read` }
        : { level: 'note', text: `${source}: ${why} (--hls-sources)` }
    }),
  )
}

async function examine(from: string): Promise<{ readonly why?: string }> {
  const late = new Promise<{ why: string }>((resolve) => {
    setTimeout(() => resolve({ why: 'it does not answer: the share or server hangs' }), ANSWER_MS).unref()
  })
  return Promise.race([isAddress(from) ? address(from) : folder(from), late])
}

async function folder(path: string): Promise<{ readonly why?: string }> {
  const isPlaylist = /\.m3u8$/i.test(path)
  try {
    const found = isPlaylist ? dirname(path) : path
    if (!(await stat(found)).isDirectory()) return { why: 'it is not a folder' }
    await access(found, constants.R_OK | constants.X_OK)
    return {}
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return {
      why: code === 'ENOENT' ? 'there is no such folder now; is the share mounted?' : `it cannot be read (${code})`,
    }
  }
}

async function address(url: string): Promise<{ readonly why?: string }> {
  const client = createHlsClient(url)
  try {
    const answer = await client.get(url, { limit: HLS_LIMITS.playlistBytes, headMs: ANSWER_MS })
    if (answer.kind === 'missing') return { why: 'nobody is live there now (404)' }
    if (answer.kind === 'failed') return { why: answer.reason }
    const isPlaylist = new TextDecoder().decode(answer.bytes.subarray(0, 7)) === '#EXTM3U'
    return isPlaylist ? {} : { why: 'what it answers is no HLS playlist' }
  } finally {
    client.close()
  }
}
