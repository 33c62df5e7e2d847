import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createLiveHandler } from '@bandstand/engine/http/live.ts'
import { createFakeBroadcast } from '@bandstand/engine/http/live-fixture.ts'
import { asResponse } from '@bandstand/engine/http/message.ts'
import { createHttpServer } from '@bandstand/engine/http/server.ts'
import { createTrustProxy, createViewerCounter, viewerKey } from '@bandstand/engine/http/viewers.ts'
import { median, report } from './support/report.ts'

/**
 * Requests a second for a live playlist and a 200 kB segment, ours against nginx (one worker, no log, files in memory),
 * same bytes, same machine, taking turns: what is compared is each turn of ours with the one of nginx beside it, and the ratio is the
 * middle of these, since the machine's speed changes by half within minutes. Ours is the server's HTTP listener and live handler over a fixture: a broadcast
 * without an encoder, so that the bytes stand still. Needs nginx and wrk.
 */

const seconds = Number(process.env['SECONDS_EACH'] ?? 3)
const rounds = Number(process.env['ROUNDS'] ?? 9)

const fake = createFakeBroadcast({ targetDuration: 4, partBytes: { v1: 33_334, a2: 1_000 } })
for (let i = 0; i < 100; i++) fake.advance()
const viewers = createViewerCounter({ now: () => performance.now() })
const trusted = createTrustProxy([])
const live = createLiveHandler({
  find: () => fake.broadcast,
  seen: (channel, req, query) => viewers.seen(channel, viewerKey(req, query, trusted)),
})
const server = createHttpServer({
  handlers: [live.handle],
  fallback: (_req, res) => {
    asResponse(res).writeHead(404, [])
    res.end()
  },
})

const playlistPath = '/live/main/as_1/v1/index.m3u8'
const segmentPath = '/live/main/as_1/v1/s0000000090-0000000095.m4s'

const { port } = await server.listen(0, '127.0.0.1')
const folder = mkdtempSync('/dev/shm/bandstand-bench-')
// nginx's worker is another user.
chmodSync(folder, 0o755)
mkdirSync(join(folder, 'root/live/main/as_1/v1'), { recursive: true })
const sizes = new Map<string, number>()
for (const path of [playlistPath, segmentPath]) {
  const body = Buffer.from(await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer())
  sizes.set(path, body.byteLength)
  writeFileSync(join(folder, 'root', path), body)
}
const nginxPort = await freePort()
writeFileSync(
  join(folder, 'nginx.conf'),
  `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  types { application/vnd.apple.mpegurl m3u8; video/mp4 m4s; }
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${nginxPort}; root ${folder}/root;
    add_header Cache-Control "public, max-age=2"; add_header Access-Control-Allow-Origin *; } }`,
)
const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'inherit' })
try {
  await reachable(nginxPort)
  for (const [name, path, connections, must] of [
    ['playlist', playlistPath, 32, 0.4],
    ['segment', segmentPath, 16, 0.7],
  ] as const) {
    const ours: number[] = []
    const theirs: number[] = []
    for (let i = 0; i < rounds; i++) {
      ours.push(await load(port, path, connections))
      theirs.push(await load(nginxPort, path, connections))
    }
    const ratios = ours.map((rate, i) => rate / (theirs[i] ?? Number.NaN))
    const ratio = median(ratios)
    report({
      what: `${name} of ${sizes.get(path)} bytes, of a fixture broadcast in our HTTP server, median of ${rounds}`,
      measured: `${median(ours).toFixed(0)} requests/s, ${ratio.toFixed(2)} × nginx (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      peer: `nginx from tmpfs ${median(theirs).toFixed(0)} requests/s`,
      must: `≥ ${must} × nginx`,
      ok: ratio >= must,
    })
  }
} finally {
  nginx.kill()
  await once(nginx, 'exit')
  rmSync(folder, { recursive: true, force: true })
  await server.close(0)
}

/** Requests a second; every error or answer other than 2xx ends the bench. */
async function load(to: number, path: string, connections: number): Promise<number> {
  const wrk = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${to}${path}`])
  let out = ''
  wrk.stdout.on('data', (chunk: Buffer) => (out += chunk))
  await once(wrk, 'close')
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]
  if (rate === undefined || /Non-2xx|Socket errors/.test(out)) throw new Error(`wrk: ${out}`)
  return Number(rate)
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function reachable(at: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const ok = await new Promise((resolve) => {
      const socket = connect(at, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nginx does not answer')
}
