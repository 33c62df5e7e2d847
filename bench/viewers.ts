import { connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { MediaPlaylist } from '@bandstand/media/manifests/hls/model.ts'
import { parsePlaylist } from '@bandstand/media/manifests/hls/parse.ts'

/**
 * Many low-latency HLS players against one address: blocking playlist reload, preload-hinted parts, every rendition, every
 * byte counted. Light enough not to measure itself: bare sockets, and a playlist that many receive is parsed once.
 *
 *     node bench/viewers.ts URL [--viewers 1000] [--seconds 30] [--json]
 *
 * With https they use HTTP/2, one connection for each viewer.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    viewers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
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
  /** Only where asked for, and not where `etag` was known. */
  readonly text: string
}

/** @param known tells by its validator whether an answer's text is needed; without it the text is thrown away. */
type Get = (request: Request, known?: (etag: string) => boolean) => Promise<Answer>

/** Made once for all who send it. */
interface Request {
  readonly path: string
  readonly bytes: Buffer
}

const createRequest = (path: string): Request => ({
  path,
  bytes: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${origin.host}\r\nUser-Agent: bench\r\n\r\n`),
})

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

/** What sockets read into: bytes are counted, and looked at where they are not a body. */
const shared = Buffer.allocUnsafe(256 * 1024)

/** One request after the other on one bare connection. */
function createSocketClient(): { get: Get; close(): void } {
  let socket: Socket | undefined
  let head = ''
  /** Bytes of the body still to come; -1 in the head. */
  let left = -1
  let size = 0
  let kept: Buffer[] = []
  let current: { resolve(a: Answer): void; reject(e: unknown): void; known: ((etag: string) => boolean) | undefined }
  let busy = false
  let keep = false
  let status = 0
  let etag = ''

  const open = () => {
    const s = connectTcp({
      host: origin.hostname,
      port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length) => {
          onData(length)
          return true
        },
      },
    })
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
    if (!busy) return
    busy = false
    current.reject(e)
  }
  const readHead = (length: number): number => {
    const before = head.length
    head += shared.toString('latin1', 0, Math.min(length, 2_000))
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return -1
    status = Number(head.slice(9, 12))
    size = left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    etag = current.known === undefined ? '' : (/etag: (\S+)/i.exec(head)?.[1] ?? '')
    keep = current.known !== undefined && (etag === '' || !current.known(etag))
    head = ''
    return end + 4 - before
  }
  const onData = (length: number) => {
    if (!busy) return fail(new Error('bytes that nobody asked for'))
    let from = 0
    if (left < 0) {
      from = readHead(length)
      if (from < 0) return
    }
    if (keep && length > from) kept.push(Buffer.from(shared.subarray(from, length)))
    left -= length - from
    figures.bytes += length - from
    if (left < 0) return fail(new Error('more bytes than announced'))
    if (left > 0) return
    left = -1
    busy = false
    const text = kept.length === 0 ? '' : Buffer.concat(kept).toString()
    kept = []
    current.resolve({ status, etag, size, text })
  }
  return {
    get: ({ bytes }, known) =>
      new Promise((resolve, reject) => {
        current = { resolve, reject, known }
        busy = true
        const s = socket ?? open()
        s.write(bytes)
      }),
    close: () => socket?.destroy(),
  }
}

/** All requests of a viewer on one HTTP/2 session. */
function createSessionClient(): { get: Get; close(): void } {
  const session = connectHttp2(origin.origin, { rejectUnauthorized: false })
  session.on('error', (e) => error(`session: ${e.message}`))
  return {
    get: ({ path }, known) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ':path': path })
        let keep = false
        const kept: Buffer[] = []
        let size = 0
        let head: Record<string, unknown> = {}
        stream.on('response', (h) => {
          head = h
          keep = known !== undefined && !known(h['etag'] ?? '')
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
          resolve({
            status: Number(head[':status'] ?? 0),
            etag: typeof head['etag'] === 'string' ? head['etag'] : '',
            size,
            text,
          })
        })
      }),
    close: () => session.destroy(),
  }
}

/** A media playlist with all that a player wants to know of it, read once for all who receive it. */
interface Version {
  /** Newest last; those that a player that joins now does not want are marked. */
  readonly parts: readonly VersionPart[]
  readonly hint: { readonly uri: string; readonly request: Request } | undefined
  readonly reload: Request
  readonly endList: boolean
  readonly partTarget: number
  readonly holdBack: number
}

interface VersionPart {
  readonly uri: string
  readonly request: Request
  readonly duration: number
  /** Date of its end, Unix milliseconds. */
  readonly end: number | undefined
  readonly old: boolean
}

const versions = new Map<string, Version>()
const versionKey = (path: string, etag: string) => `${path} ${etag}`

function readVersion(path: string, answer: Answer): Version | undefined {
  const key = versionKey(path, answer.etag)
  const known = answer.etag === '' ? undefined : versions.get(key)
  if (known !== undefined) return known
  const result = parsePlaylist(answer.text)
  if (result.kind !== 'media') return undefined
  if (versions.size > 200) versions.delete(versions.keys().next().value ?? '')
  const version = createVersion(path, result.playlist)
  versions.set(key, version)
  return version
}

function createVersion(path: string, p: MediaPlaylist): Version {
  const parts: VersionPart[] = []
  let end: number | undefined
  const add = (part: { uri: string; duration: number; gap: boolean }, old: boolean) => {
    if (end !== undefined) end += part.duration * 1000
    if (part.gap) return
    parts.push({ uri: part.uri, request: requestFor(path, part.uri), duration: part.duration, end, old })
  }
  const newest = p.segments.slice(-3)
  for (const [i, s] of newest.entries()) {
    end = s.programDateTime ?? end
    if (s.parts.length === 0 && end !== undefined) end += s.duration * 1000
    for (const part of s.parts) add(part, i < newest.length - 1 || p.trailingParts.length > 0)
  }
  end = p.trailingHead?.programDateTime ?? end
  for (const part of p.trailingParts) add(part, false)
  const uri = p.preloadHint?.type === 'PART' ? p.preloadHint.uri : undefined
  // As players do where the server offers it.
  const skip = p.serverControl?.canSkipUntil === undefined ? '' : '&_HLS_skip=YES'
  const msn = p.mediaSequence + (p.skippedSegments ?? 0) + p.segments.length
  return {
    parts,
    hint: uri === undefined ? undefined : { uri, request: requestFor(path, uri) },
    reload: createRequest(`${path}?_HLS_msn=${msn}&_HLS_part=${p.trailingParts.length}${skip}`),
    endList: p.endList,
    partTarget: p.partTarget ?? 0.33,
    holdBack: p.serverControl?.partHoldBack ?? 1,
  }
}

/** The same part is in many versions. */
const requests = new Map<string, Request>()

function requestFor(base: string, uri: string): Request {
  const key = `${base} ${uri}`
  let request = requests.get(key)
  if (request === undefined) {
    if (requests.size > 1_000) requests.delete(requests.keys().next().value ?? '')
    requests.set(key, (request = createRequest(resolvePath(base, uri))))
  }
  return request
}

const resolvePath = (base: string, uri: string) => {
  const url = new URL(uri, `http://h${base}`)
  return url.pathname + url.search
}

interface Job {
  readonly uri: string
  readonly request: Request
  readonly duration: number
  readonly end: number | undefined
}

/** One rendition of one viewer: a playlist request and a part request are always under way. */
async function follow(path: string, main: boolean, playlists: Get, parts: Get): Promise<void> {
  const queue: Job[] = []
  let last: Version | undefined
  let wake: (() => void) | undefined
  /** Newest part that was asked for. */
  let newest = ''
  /** Hinted parts by URI, with the wall clock when they came. */
  const received = new Map<string, number>()
  const first = createRequest(path)
  const known = (etag: string) => versions.has(versionKey(path, etag))

  const take = (version: Version) => {
    const { parts: listed } = version
    // Back to what is known, then forth again.
    let from = listed.length
    const joining = last === undefined
    for (let part = listed[from - 1]; part !== undefined && part.uri !== newest; part = listed[from - 1]) {
      if (joining && part.old) break
      from--
    }
    for (let i = Math.max(0, from - 2); i < from; i++) {
      // A part that was hinted at has come before its date was known.
      const part = listed[i]
      const at = part === undefined ? undefined : received.get(part.uri)
      if (part === undefined || at === undefined) continue
      if (part.end !== undefined) delays.push(at - part.end)
      received.delete(part.uri)
    }
    for (let i = from; i < listed.length; i++) {
      const part = listed[i]
      if (part === undefined) break
      queue.push(part)
      newest = part.uri
    }
    last = version
    wake?.()
  }

  const reload = async () => {
    while (run.on) {
      if (last?.endList === true) return
      try {
        const answer = await playlists(last?.reload ?? first, known)
        if (!run.on) return
        const version = answer.status === 200 ? readVersion(path, answer) : undefined
        if (version === undefined) {
          error(`playlist ${answer.status}`)
          await pause(500)
          continue
        }
        figures.playlists++
        take(version)
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
      if (job === undefined && last?.hint !== undefined && last.hint.uri !== newest) {
        newest = last.hint.uri
        job = { ...last.hint, duration: last.partTarget, end: undefined }
      }
      if (job === undefined) {
        if (last?.endList === true) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
        continue
      }
      try {
        const answer = await parts(job.request)
        if (!run.on) return
        const now = performance.now()
        if (answer.status !== 200) error(`part ${answer.status}`)
        figures.parts++
        const before = firsts.get(job.request.path)
        if (before === undefined) firsts.set(job.request.path, { at: now, size: answer.size })
        else {
          spreads.push(now - before.at)
          if (before.size !== answer.size) error('part of another size')
        }
        if (job.end !== undefined) delays.push(Date.now() - job.end)
        else if (received.size < 20) received.set(job.uri, Date.now())
        if (!main) continue
        // Plays once the hold-back is there; a stall begins where the buffer is empty.
        if (started === 0 && buffered * 1000 >= (last?.holdBack ?? 1) * 1000) started = now
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
  const session = secure ? createSessionClient() : undefined
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
    const answer = await first(createRequest(origin.pathname + origin.search), () => false)
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
console.log('measuring')
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()
const cpu = process.cpuUsage()
const started = performance.now()
await pause(seconds * 1000)
const elapsed = (performance.now() - started) / 1000
const used = process.cpuUsage(cpu)
loop.disable()
console.log('measured')
// Whoever reads the server's figures does so before thousands of connections are closed.
await pause(500)
run.on = false
for (const close of closers) close()
await Promise.race([Promise.all(all), pause(1_000)])
spreads.sort((a, b) => a - b)
delays.sort((a, b) => a - b)
const report = {
  viewers,
  seconds: Math.round(elapsed),
  http: secure ? 2 : 1,
  playlistsPerSecond: Math.round(figures.playlists / elapsed),
  partsPerSecond: Math.round(figures.parts / elapsed),
  megabitsPerSecond: Math.round((figures.bytes * 8) / elapsed / 1e6),
  /** Milliseconds after the first viewer had the part. */
  spread: { p50: percentile(spreads, 0.5), p99: percentile(spreads, 0.99), max: percentile(spreads, 1) },
  /** Milliseconds after the last frame of the part, by its program date time. */
  delay: { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: percentile(delays, 1) },
  stalls: figures.stalls,
  errors: Object.fromEntries(errors),
  generatorDelay: { p99: Math.round(loop.percentile(99) / 1e5) / 10, max: Math.round(loop.max / 1e5) / 10 },
  generatorCpu: Math.round(((used.user + used.system) / 1e6 / elapsed) * 100) / 100,
}
console.log(values.json ? JSON.stringify(report) : report)
process.exit(errors.size > 0 ? 1 : 0)
