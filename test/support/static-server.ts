import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../bench/support/free-port.ts'
import { start } from './process.ts'
import { findProgram } from './programs.ts'
import { temporaryFolder } from './temporary.ts'
import { waitFor } from './wait.ts'

/** nginx that serves a folder as it is. */
export async function serveFolder(folder: string): Promise<{ readonly url: string; stop(): Promise<unknown> }> {
  const home = temporaryFolder('nginx')
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  for (const name of paths) mkdirSync(join(home, name))
  const config = join(home, 'nginx.conf')
  writeFileSync(
    config,
    [
      ...['daemon off;', 'worker_processes 1;', `pid ${home}/pid;`, `error_log ${home}/error.log;`],
      ...[process.getuid?.() === 0 ? 'user root;' : '', 'events {}', 'http {', 'access_log off;'],
      ...paths.map((name) => `${name}_temp_path ${home}/${name};`),
      ...[`server { listen 127.0.0.1:${port}; root ${folder}; }`, '}', ''],
    ].join('\n'),
  )
  const server = start(findProgram('nginx'), ['-c', config, '-e', join(home, 'error.log')])
  const url = `http://127.0.0.1:${port}`
  await waitFor('nginx', async () => (await fetch(url)).status > 0, 30_000).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return { url, stop: () => server.stop() }
}
