import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'

/**
 * Many low-latency HLS players against one address: blocking playlist reload, preload-hinted parts, every rendition, every
 * byte counted. Light enough not to measure itself: bare sockets, and a playlist that many receive is parsed once.
 *
 *     node bench/viewers.ts URL [--viewers 1000] [--seconds 30] [--h2] [--json]
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    viewers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    /** HTTP/2 over TLS, one connection for each viewer. */
    h2: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const origin = new URL(positionals[0] ?? 'http://127.0.0.1:8080/live/main/index.m3u8')
const viewers = Number(values.viewers)
const seconds = Number(values.seconds)
const secure = origin.protocol === 'https:'
const port = Number(origin.port || (secure ? 443 : 80))

interface Answer {
  readonly status: number
  readonly etag: string
  readonly size: number
  /** Only where asked for. */
  readonly text: string
}

type Get = (path: string, keep: boolean) => Promise<Answer>

const figures = { playlists: 0, parts: 0, bytes: 0, stalls: 0 }
const errors = new Map<string, number>()
const error = (what: string): void => {
  errors.set(what, (errors.get(what) ?? 0) + 1)
}
/** First receipt and size of each part, and how much later than the first each other viewer had it, in milliseconds. */
const firsts = new Map<string, { at: number; size: number }>()
const spreads: number[] = []
/** Receipt of a part after the wall clock of its last frame, by the playlist's dates, in milliseconds. */
const delays: number[] = []
const run = { on: true }

/** One request after the other on one bare connection. */
function createSocketClient(): { get: Get; close(): void } {
  let socket: Socket | undefined
  let head = ''
  let left = -1
  let size = 0
  let kept: Buffer[] = []
  let current: { resolve(a: Answer): void; reject(e: unknown): void; keep: boolean } | undefined
  let status = 0
  let etag = ''

  const open = () => {
    const options = { host: origin.hostname, port }
    const s = secure
      ? connectTls({ ...options, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : connectTcp(options)
    s.setNoDelay(true)
    s.on('data', onData)
    s.on('error', (e) => fail(e))
    s.on('close', () => fail(new Error('closed')))
    head = ''
    left = -1
    socket = s
    return s
  }
  const fail = (e: unknown) => {
    socket?.destroy()
    socket = undefined
    const failed = current
    current = undefined
    failed?.reject(e)
  }
  const onData = (data: Buffer) => {
    let chunk = data
    if (left < 0) {
      const end = chunk.indexOf('\r\n\r\n')
      head += chunk.toString('latin1', 0, end < 0 ? chunk.length : end + 4)
      if (!head.endsWith('\r\n\r\n')) return
      chunk = chunk.subarray(end < 0 ? chunk.length : end + 4)
      status = Number(head.slice(9, 12))
      left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      etag = /etag: (\S+)/i.exec(head)?.[1] ?? ''
      size = left
      head = ''
    }
    if (current?.keep === true && chunk.length > 0) kept.push(chunk)
    left -= chunk.length
    figures.bytes += chunk.length
    if (left < 0) return fail(new Error('more bytes than announced'))
    if (left > 0) return
    left = -1
    const done = current
    current = undefined
    const text = kept.length === 0 ? '' : Buffer.concat(kept).toString()
    kept = []
    done?.resolve({ status, etag, size, text })
  }
  return {
    get: (path, keep) =>
      new Promise((resolve, reject) => {
        current = { resolve, reject, keep }
        const s = socket ?? open()
        s.write(`GET ${path} HTTP/1.1\r\nHost: ${origin.host}\r\nUser-Agent: bench\r\n\r\n`)
      }),
    close: () => socket?.destroy(),
  }
}

/** All requests of a viewer on one HTTP/2 session. */
function createSessionClient(): { get: Get; close(): void } {
  const session = connectHttp2(origin.origin, { rejectUnauthorized: false })
  session.on('error', (e) => error(`session: ${e.message}`))
  return {
    get: (path, keep) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path })
        const kept: Buffer[] = []
        let size = 0
        let head: Record<string, unknown> = {}
        stream.on('response', (h) => {
          head = h
        })
        stream.on('data', (chunk: Buffer) => {
          size += chunk.length
          figures.bytes += chunk.length
          if (keep) kept.push(chunk)
        })
        stream.on('error', reject)
        stream.on('end', () => {
          if (Number(head['content-length'] ?? size) !== size) return reject(new Error('fewer bytes than announced'))
          const text = kept.length === 0 ? '' : Buffer.concat(kept).toString()
          resolve({ status: Number(head[':status'] ?? 0), etag: String(head['etag'] ?? ''), size, text })
        })
      }),
    close: () => session.destroy(),
  }
}

/** Playlists by version: what a thousand players receive is parsed once. */
const parsed = new Map<string, MediaPlaylist>()

function read(path: string, answer: Answer): MediaPlaylist | undefined {
  const key = `${path.split('?')[0]} ${answer.etag}`
  const known = answer.etag === '' ? undefined : parsed.get(key)
  if (known !== undefined) return known
  const result = parsePlaylist(answer.text)
  if (result.kind !== 'media') return undefined
  if (parsed.size > 200) parsed.delete(parsed.keys().next().value ?? '')
  parsed.set(key, result.playlist)
  return result.playlist
}

const resolvePath = (base: string, uri: string) => {
  const url = new URL(uri, `http://h${base}`)
  return url.pathname + url.search
}

/** One rendition of one viewer: a playlist request and a part request are always under way. */
async function follow(path: string, main: boolean, playlists: Get, parts: Get): Promise<void> {
  const queue: { uri: string; duration: number; end: number | undefined }[] = []
  let last: MediaPlaylist | undefined
  let next = { msn: 0, part: 0 }
  let wake: (() => void) | undefined
  let hint: string | undefined
  const known = new Set<string>()
  /** Hinted parts by URI, with the wall clock when they came. */
  const received = new Map<string, number>()

  const take = (p: MediaPlaylist, joining: boolean) => {
    let end: number | undefined
    const add = (part: { uri: string; duration: number; gap: boolean }) => {
      if (end !== undefined) end += part.duration * 1000
      // A part that was hinted at has come before its date was known.
      const at = received.get(part.uri)
      if (at !== undefined && end !== undefined) {
        delays.push(at - end)
        received.delete(part.uri)
      }
      if (known.has(part.uri) || part.gap) return
      known.add(part.uri)
      queue.push({ uri: part.uri, duration: part.duration, end })
    }
    const newest = p.segments.slice(-3)
    for (const [i, s] of newest.entries()) {
      end = s.programDateTime ?? end
      const skip = joining && (i < newest.length - 1 || p.trailingParts.length > 0)
      if (s.parts.length === 0 && end !== undefined) end += s.duration * 1000
      for (const part of s.parts) {
        if (skip) known.add(part.uri)
        add(part)
      }
    }
    end = p.trailingHead?.programDateTime ?? end
    for (const part of p.trailingParts) add(part)
    if (known.size > 500) for (const uri of [...known].slice(0, 250)) known.delete(uri)
    hint = p.preloadHint?.type === 'PART' ? p.preloadHint.uri : undefined
    next = { msn: p.mediaSequence + (p.skippedSegments ?? 0) + p.segments.length, part: p.trailingParts.length }
    wake?.()
  }

  const reload = async () => {
    while (run.on && last?.endList !== true) {
      const query = last === undefined ? '' : `?_HLS_msn=${next.msn}&_HLS_part=${next.part}`
      try {
        const answer = await playlists(path + query, true)
        if (!run.on) return
        const playlist = answer.status === 200 ? read(path, answer) : undefined
        if (playlist === undefined) {
          error(`playlist ${answer.status}`)
          await pause(500)
          continue
        }
        figures.playlists++
        take(playlist, last === undefined)
        last = playlist
      } catch (e) {
        if (run.on) error(`playlist: ${String(e)}`)
        await pause(500)
      }
    }
  }

  const load = async () => {
    let started = 0
    let buffered = 0
    while (run.on) {
      let job = queue.shift()
      if (job === undefined && hint !== undefined && !known.has(hint)) {
        known.add(hint)
        job = { uri: hint, duration: last?.partTarget ?? 0.33, end: undefined }
      }
      if (job === undefined) {
        if (last?.endList === true) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
        continue
      }
      const file = resolvePath(path, job.uri)
      try {
        const answer = await parts(file, false)
        if (!run.on) return
        const now = performance.now()
        if (answer.status !== 200) error(`part ${answer.status}`)
        figures.parts++
        const first = firsts.get(file)
        if (first === undefined) firsts.set(file, { at: now, size: answer.size })
        else {
          spreads.push(now - first.at)
          if (first.size !== answer.size) error('part of another size')
        }
        if (job.end !== undefined) delays.push(Date.now() - job.end)
        else if (received.size < 20) received.set(job.uri, Date.now())
        if (!main) continue
        // Plays once the hold-back is there; a stall begins where the buffer is empty.
        if (started === 0 && buffered * 1000 >= (last?.serverControl?.partHoldBack ?? 1) * 1000) started = now
        else if (started > 0 && now - started > buffered * 1000) {
          figures.stalls++
          started = now - buffered * 1000 + 1000
        }
        buffered += job.duration
      } catch (e) {
        if (run.on) error(`part: ${String(e)}`)
        await pause(100)
      }
    }
  }
  const loading = load()
  await reload()
  wake?.()
  await loading
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function view(): Promise<void> {
  const clients: { close(): void }[] = []
  const session = values.h2 ? createSessionClient() : undefined
  if (session !== undefined) clients.push(session)
  const connection = (): Get => {
    if (session !== undefined) return session.get
    const client = createSocketClient()
    clients.push(client)
    return client.get
  }
  const first = connection()
  closers.push(() => clients.forEach((c) => c.close()))
  try {
    const answer = await first(origin.pathname + origin.search, true)
    const top = parsePlaylist(answer.text)
    if (top.kind !== 'multivariant') return error(`multivariant ${answer.status}`)
    const [variant] = top.playlist.variants
    const audio = top.playlist.renditions.find((r) => r.type === 'AUDIO' && r.groupId === variant?.audio)
    const paths = [variant?.uri, audio?.uri].flatMap((uri) =>
      uri === undefined ? [] : [resolvePath(origin.pathname, uri)],
    )
    await Promise.all(paths.map((path, i) => follow(path, i === 0, i === 0 ? first : connection(), connection())))
  } catch (e) {
    if (run.on) error(String(e))
  }
}

function percentile(sorted: readonly number[], p: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0) * 10) / 10
}

const closers: (() => void)[] = []
const all: Promise<void>[] = []
// They come in over two seconds, or the handshakes would be what is measured.
for (let i = 0; i < viewers; i++) {
  all.push(view())
  if (i % 20 === 19) await pause((20 / viewers) * 2_000)
}
const warmUp = 2_000
await pause(warmUp)
spreads.length = 0
delays.length = 0
Object.assign(figures, { playlists: 0, parts: 0, bytes: 0, stalls: 0 })
const cpu = process.cpuUsage()
const started = performance.now()
await pause(seconds * 1000)
const elapsed = (performance.now() - started) / 1000
const used = process.cpuUsage(cpu)
run.on = false
for (const close of closers) close()
await Promise.race([Promise.all(all), pause(1_000)])
spreads.sort((a, b) => a - b)
delays.sort((a, b) => a - b)
const report = {
  viewers,
  seconds: Math.round(elapsed),
  http: values.h2 ? 2 : 1,
  playlistsPerSecond: Math.round(figures.playlists / elapsed),
  partsPerSecond: Math.round(figures.parts / elapsed),
  megabitsPerSecond: Math.round((figures.bytes * 8) / elapsed / 1e6),
  /** Milliseconds after the first viewer had the part. */
  spread: { p50: percentile(spreads, 0.5), p99: percentile(spreads, 0.99), max: percentile(spreads, 1) },
  /** Milliseconds after the last frame of the part, by its program date time. */
  delay: { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: percentile(delays, 1) },
  stalls: figures.stalls,
  errors: Object.fromEntries(errors),
  generatorCpu: Math.round(((used.user + used.system) / 1e6 / elapsed) * 100) / 100,
}
console.log(values.json ? JSON.stringify(report) : report)
process.exit(errors.size > 0 ? 1 : 0)
