import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { readClip } from '@bandstand/engine/ingest/rtmp/clip.ts'
import { type FlvPublisher, type PublishFlvOptions, publishFlv } from '@bandstand/engine/ingest/rtmp/publish.ts'
import { type Bandstand, ownerPassword } from './bandstand.ts'
import { waitFor } from './wait.ts'

/** A channel of a test of its own. */
export interface TestChannel {
  readonly slug: string
  readonly key: string
  /** `rtmp://host:port/live/KEY`. */
  readonly publishUrl: string
  facts(): Promise<Channel>
  /** Waits until it is live and gives the asset id. @param other than this one */
  live(other?: string): Promise<string>
  offline(): Promise<void>
  /** The old key stops at once; gives the new one. */
  rotateKey(): Promise<string>
}

/** Signs the owner in; gives the headers of further requests. */
async function signIn(http: string): Promise<Record<string, string>> {
  const answer = await fetch(`${http}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: http },
    body: JSON.stringify({ password: ownerPassword }),
  })
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`)
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
  return { 'content-type': 'application/json', origin: http, cookie: cookie.join('; ') }
}

/** Makes channels by name, so that scenarios can share a server. */
export async function channelMaker(server: Bandstand): Promise<(slug: string) => Promise<TestChannel>> {
  const headers = await signIn(server.http)
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const answer = await fetch(`${server.http}/api/v1/${path}`, init)
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return async (slug) => {
    await ask('POST', 'channels', { slug })
    const { key } = await ask<{ key: string }>('GET', `channels/${slug}/key`)
    const facts = async () => (await fetch(`${server.http}/api/v1/channels/${slug}`)).json() as Promise<Channel>
    return {
      slug,
      key,
      publishUrl: `${server.rtmp}/${key}`,
      facts,
      live: (other) =>
        waitFor(`${slug} to be live`, async () => {
          const { live, assetId } = await facts()
          return live && assetId !== other && assetId
        }),
      offline: () => waitFor(`${slug} to be offline`, async () => !(await facts()).live, 60_000).then(() => undefined),
      rotateKey: async () => (await ask<{ key: string }>('POST', `channels/${slug}/key/rotate`, {})).key,
    }
  }
}

const clips = new Map<string, ReturnType<typeof readClip>>()
const root = join(import.meta.dirname, '..', '..')

/** Publishes the small test clip with our own publisher: no processor time, and faults to order. */
export function publishClip(url: string, options: Partial<PublishFlvOptions> = {}): FlvPublisher {
  const path = join(root, 'apps/bandstand/demo/clip.flv')
  const clip = clips.get(path) ?? readClip(readFileSync(path))
  clips.set(path, clip)
  const { hostname: host, port, pathname } = new URL(url.replace(/^rtmp:/, 'http:'))
  const [, app = 'live', key = ''] = pathname.split('/')
  return publishFlv({ host, port: Number(port), app, key, clip, realtime: true, loop: true, ...options })
}
