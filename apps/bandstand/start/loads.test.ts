import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Loads the server without starting it, and lists the files and the modules of Node that this took. */
const script = `
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
  for (const name of ['../settings/load.ts', '../serve.ts', './all.ts']) await import(new URL(name, ${JSON.stringify(import.meta.url)}))
  console.log([...loaded, ...process.moduleLoadList].join('\\n'))`

test('a start loads nothing that most servers never use', async () => {
  // Without what is set outside, like a proxy, for which Node loads more; and named from the project's folder on, whose own path
  // may have any of the words below in it.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env: {} })
  const root = new URL('../../../', import.meta.url)
  const loaded = stdout
    .split('\n')
    .map((name) => (name.startsWith(root.href) ? `/${name.slice(root.href.length)}` : name))
  assert.ok(loaded.some((name) => name.endsWith('/ingest/rtmp/listener.ts')))
  const ours = [
    /\/ingest\/hls\/(put\/ingest|folder\/source|url\/source)/,
    /\/ingest\/(srt\/publish|whip\/ingest)/,
    /\/egress\/(srt\/reading|webrtc\/egress)/,
    /\/media\/(containers\/mpegts|protocols\/sdp)\//,
    /\/platform\/publishing\/hook\/hook/,
    /\/check\/|\/doctor\/|\/demo\//,
  ]
  const files = globSync(['apps/*/**/*.ts', 'packages/*/**/*.ts'], {
    cwd: fileURLToPath(root),
    exclude: ['**/node_modules'],
  })
  for (const pattern of ours)
    assert.ok(
      files.some((name) => pattern.test(`/${name}`)),
      `${pattern}: there is no such file`,
    )
  // The first is Node's own HTTP client: see `node-http.ts`.
  const needless = [/undici/, /\/prom-client\//, ...ours]
  assert.deepEqual(
    loaded.filter((name) => needless.some((pattern) => pattern.test(name))),
    [],
  )
})
