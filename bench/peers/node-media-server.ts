import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { start } from '../../test/support/process.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { freePort } from '../support/free-port.ts'
import { waitForPort } from './nginx.ts'

export interface NodeMediaServer {
  readonly pid: number
  /** `rtmp://127.0.0.1:PORT/live`; any key publishes. */
  readonly rtmp: string
  /** HTTP-FLV address of a key. */
  readonly flv: (key: string) => string
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** node-media-server from npm in a process of its own. It makes no HLS: it is the peer for taking RTMP in. */
export async function startNodeMediaServer(): Promise<NodeMediaServer> {
  const [rtmpPort, httpPort] = [await freePort(), await freePort()]
  const folder = temporaryFolder('nms')
  const file = join(folder, 'run.mjs')
  const entry = createRequire(import.meta.url).resolve('node-media-server')
  const config = {
    bind: '127.0.0.1',
    rtmp: { port: rtmpPort },
    http: { port: httpPort },
    auth: { play: false, publish: false, secret: 'unused' },
    static: { router: '/', root: folder },
    record: { path: folder },
    notify: {},
  }
  writeFileSync(
    file,
    `import Server from ${JSON.stringify(pathToFileURL(entry).href)}\nnew Server(${JSON.stringify(config)}).run()\n`,
  )
  const server = start(process.execPath, [file], { cwd: folder, limit: 7_200_000 })
  await Promise.race([
    waitForPort(rtmpPort),
    server.exited.then(() => Promise.reject(new Error(`node-media-server ended:\n${server.output()}`))),
  ])
  return {
    pid: server.pid,
    rtmp: `rtmp://127.0.0.1:${rtmpPort}/live`,
    flv: (key) => `http://127.0.0.1:${httpPort}/live/${key}.flv`,
    output: server.output,
    stop: async () => {
      await server.stop()
    },
  }
}
