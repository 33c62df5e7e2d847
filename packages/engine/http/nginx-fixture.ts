import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { get } from './testing.ts'

/** For tests only: nginx in front of a server, with the very lines that docs/reverse-proxy.md gives to operators. */

const page = new URL('../../../docs/reverse-proxy.md', import.meta.url)
const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/localhost.${name}.pem`, import.meta.url))

/** The block as it stands in the documentation. */
export function documentedNginx(): string {
  const [, block] = /```nginx\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8')) ?? []
  if (block === undefined) throw new Error('docs/reverse-proxy.md has no block of nginx lines')
  return block
}

interface Place {
  readonly port: number
  readonly originPort: number
  readonly folder: string
  readonly tls: boolean
}

/** Addresses and files are put in place of the documented ones; each must be there, or the test would be of something else. */
function settle(block: string, { port, originPort, folder, tls }: Place): string {
  const changes: readonly (readonly [RegExp, string])[] = [
    [/\/var\/cache\/nginx\/bandstand\b/, `"${folder}/cache"`],
    // The two lines as one, which every version takes. With the backlog that a crowd needs that comes at once.
    [/listen 443 ssl;\n\s*http2 on;[^\n]*/, `listen 127.0.0.1:${port} backlog=1024${tls ? ' ssl http2' : ''};`],
    [/ssl_certificate [^;]*;/, tls ? `ssl_certificate "${fixture('cert')}";` : ''],
    [/ssl_certificate_key [^;]*;/, tls ? `ssl_certificate_key "${fixture('key')}";` : ''],
    [/http:\/\/127\.0\.0\.1:8080/g, `http://127.0.0.1:${originPort}`],
  ]
  return changes.reduce((text, [from, to]) => {
    if (text.search(from) === -1) throw new Error(`the documented block has no ${String(from)}`)
    return text.replace(from, () => to)
  }, block)
}

/** A port that was free just now, and none of those that Linux gives to who asks for any (from 32768 on). */
async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(11_000, 32_000)
    const probe = createServer().listen(port, '127.0.0.1')
    try {
      await once(probe, 'listening')
    } catch (error) {
      if (tries === 50) throw error
      continue
    }
    probe.close()
    await once(probe, 'close')
    return port
  }
}

/** nginx as documented in front of a server; it ends with the test. @returns its port */
export async function startDocumentedNginx(
  t: TestContext,
  originPort: number,
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<number> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-nginx-'))
  // The worker is another user.
  chmodSync(folder, 0o755)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path "${folder}/${n}";`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid "${folder}/pid"; error_log "${folder}/error.log" crit;
events { worker_connections 2048; }
http { access_log off; ${temporary.join(' ')}
${settle(documentedNginx(), { port, originPort, folder, tls })}
}`,
  )
  const nginx = spawn('nginx', ['-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  nginx.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const ended = once(nginx, 'exit')
  t.after(async () => {
    nginx.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  for (let i = 0; i < 600; i++) {
    if (nginx.exitCode !== null) throw new Error(`nginx does not take the documented block: ${complaints}`)
    // On TLS an answer of nginx to plain HTTP (400) tells as well that it is there.
    if (await get(port, '/healthz').then(Boolean, () => false)) return port
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nginx does not answer: ${complaints}`)
}
