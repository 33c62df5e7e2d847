import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

/** Loads the server without starting it, and lists the files and the modules of Node that this took. */
const script = `
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
  await import(${JSON.stringify(new URL('./all.ts', import.meta.url).href)})
  console.log([...loaded, ...process.moduleLoadList].join('\\n'))`

test('a start loads nothing that most servers never use', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  const loaded = stdout.split('\n')
  assert.ok(loaded.some((name) => name.endsWith('/ingest/rtmp/listener.ts')))
  const needless = [
    // Node's own HTTP client: see `node-http.ts`.
    /undici/,
    /\/ingest\/hls\/(put\/ingest|folder\/source|url\/source)/,
    /\/ingest\/(srt\/publish|whip\/ingest)/,
    /\/egress\/(srt\/reading|webrtc\/egress)/,
    /\/media\/(containers\/mpegts|protocols\/sdp)\//,
    /\/platform\/publishing\/hook\/hook/,
    /\/prom-client\//,
    /\/check\/|\/doctor\/|\/demo\//,
  ]
  assert.deepEqual(
    loaded.filter((name) => needless.some((pattern) => pattern.test(name))),
    [],
  )
})
