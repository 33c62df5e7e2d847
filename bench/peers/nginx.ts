import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Running, start } from '../../test/support/process.ts'
import { findProgram } from '../../test/support/programs.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { waitFor } from '../../test/support/wait.ts'
import { freePort } from '../support/free-port.ts'

export interface Nginx {
  readonly folder: string
  readonly port: number
  /** Process ids of the workers, for measuring. */
  readonly workers: () => number[]
  readonly output: () => string
  readonly stop: () => Promise<void>
}

export interface NginxOptions {
  /** Inside `http { … }`; `PORT` and `FOLDER` are filled in. */
  readonly http?: string
  /** Outside `http`, for example `rtmp { … }`. */
  readonly main?: string
  /** Modules to load, for example `ngx_rtmp_module.so`. */
  readonly modules?: readonly string[]
  /** Where its files live; a new folder otherwise. Use one under /dev/shm to serve from memory. */
  readonly folder?: string
  readonly limit?: number
}

const moduleFolders = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/local/libexec/nginx']

/** Path of a loadable nginx module; throws the line that installs it. */
function findModule(name: string): string {
  const folder = moduleFolders.find((candidate) => existsSync(join(candidate, name)))
  if (folder === undefined) throw new Error(`${name} is missing. Install it: apt-get install -y libnginx-mod-rtmp`)
  return join(folder, name)
}

/** nginx with one worker and no access log, its own configuration and nothing of the machine's. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const folder = options.folder ?? temporaryFolder('nginx')
  const port = await freePort()
  const fill = (text: string) => text.replaceAll('PORT', String(port)).replaceAll('FOLDER', folder)
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'])
    mkdirSync(join(folder, 'tmp', name), { recursive: true })
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body:body', 'proxy:proxy', 'fastcgi:fastcgi', 'uwsgi:uwsgi', 'scgi:scgi']
    .map((pair) => pair.split(':'))
    .map(([directive = '', name = '']) => `  ${directive}_temp_path ${join(folder, 'tmp', name)};`)
  writeFileSync(
    file,
    [
      ...(options.modules ?? []).map((name) => `load_module ${findModule(name)};`),
      // As root the worker would drop to nobody and could not read the folder.
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      'daemon off;',
      'worker_processes 1;',
      'worker_rlimit_nofile 65535;',
      `pid ${join(folder, 'nginx.pid')};`,
      'error_log stderr warn;',
      'events { worker_connections 16384; }',
      fill(options.main ?? ''),
      'http {',
      '  access_log off;',
      ...temporary,
      '  sendfile on; tcp_nopush on; keepalive_requests 1000000;',
      '  types { application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; video/mp2t ts; }',
      fill(options.http ?? ''),
      '}',
    ].join('\n'),
  )
  const nginx: Running = start(findProgram('nginx'), ['-p', folder, '-e', 'stderr', '-c', file], {
    limit: options.limit ?? 7_200_000,
  })
  // It listens before it starts its workers.
  await waitFor('the worker of nginx', () => {
    if (!nginx.running()) throw new Error(nginx.output())
    return workersOf(nginx.pid).length > 0
  })
  return {
    folder,
    port,
    workers: () => workersOf(nginx.pid),
    output: nginx.output,
    stop: async () => {
      await nginx.stop('SIGTERM')
    },
  }
}

function workersOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

/** Resolves when something accepts connections on the port. */
export function waitForPort(port: number): Promise<unknown> {
  return waitFor(`port ${port}`, () => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
  })
}
