import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { root } from './source.ts'

/** `setup.mjs` on machines that lack something, with stubs for what it would install with. */

interface Machine {
  /** The clone. */
  readonly folder: string
  /** Writes a file of the clone, executable where it begins as a script does. */
  write(path: string, text: string): void
  remove(path: string): void
  has(path: string): boolean
  /** Puts a program into PATH; the shell script notes its arguments and then does `then`. */
  program(name: string, then?: string): void
  /** What programs were called with, oldest first. */
  calls(): string[]
  /** @param user `root`, or anybody else; `script`: run before, in the same process */
  setup(mode: string, user?: 'root' | 'somebody', script?: string): Promise<{ code: number | null; said: string }>
}

const names = [
  ...['ffmpeg', 'ffprobe', 'chromium-headless-shell', 'gst-launch-1.0', 'obs', 'Xvfb', 'mpv', 'cvlc', 'nginx'],
  ...['turnserver', 'srt-live-transmit', 'smbd', 'smbclient'],
]
const lock = JSON.stringify({ packages: { 'node_modules/node': { version: '24.0.0', integrity: 'sha512-a' } } })

/** A clone that is set up for `start`, on a machine without any program. */
function machine(t: TestContext): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-setup-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const clone = join(folder, 'clone')
  const stubs = join(folder, 'stubs')
  const log = join(folder, 'calls')
  mkdirSync(stubs)
  writeFileSync(log, '')
  const at = (path: string) => join(clone, path)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text)
  }
  write('package-lock.json', lock)
  write('node_modules/.package-lock.json', lock)
  mkdirSync(at('node_modules/node/bin'), { recursive: true })
  symlinkSync(process.execPath, at('node_modules/node/bin/node'))
  mkdirSync(at('scripts'))
  cpSync(join(root, 'scripts/setup.mjs'), at('scripts/setup.mjs'))
  return {
    folder: clone,
    write,
    remove: (path) => rmSync(at(path), { recursive: true }),
    has: (path) => existsSync(at(path)),
    program(name, then = '') {
      writeFileSync(join(stubs, name), `#!/bin/sh\necho "${name} $*" >> '${log}'\n${then}\n`)
      chmodSync(join(stubs, name), 0o755)
    },
    calls: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    async setup(mode, user = 'somebody', script = '') {
      const preload = `process.getuid = () => ${user === 'root' ? 0 : 1000}; ${script}`
      const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, at('scripts/setup.mjs'), mode]
      const env = { PATH: stubs, STUBS: stubs, CLONE: clone, NODE: process.execPath }
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
      return { code, said }
    },
  }
}

/** What `apt-get install` leaves of the programs that tests need. */
const installed = `[ "$1" = update ] || for name in ${names.join(' ')}; do : > "$STUBS/$name"; done`

describe('programs that tests need', { concurrency: true }, () => {
  test('`npm start` asks for none, and says nothing when all is there', async (t) => {
    assert.deepEqual(await machine(t).setup('start'), { code: 0, said: '' })
  })

  for (const [who, user, refusal] of [
    ['somebody without sudo', 'somebody', undefined],
    ['somebody who would have to type a password', 'somebody', 'exit 1'],
    ['root where there is no apt-get', 'root', undefined],
  ] as const) {
    test(`${who} is told the line to type`, async (t) => {
      const here = machine(t)
      if (user === 'somebody') here.program('apt-get')
      if (refusal !== undefined) here.program('sudo', refusal)
      const { code, said } = await here.setup('test', user)
      assert.equal(code, 1)
      const sudo = user === 'root' ? '' : 'sudo '
      const line = `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ffmpeg chromium-headless-shell`
      assert.match(said, /npm test works with real programs, and these are missing: ffmpeg, chromium-headless-shell/)
      assert.ok(said.includes(`run it again:  ${line}`), said)
      // Asked whether it may, and nothing else.
      assert.deepEqual(here.calls(), refusal === undefined ? [] : ['sudo -n true'])
    })
  }

  test('root has them installed, with lists that are new', async (t) => {
    const here = machine(t)
    here.program('apt-get', `[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1; ${installed}`)
    const { code, said } = await here.setup('test', 'root')
    assert.equal(code, 0, said)
    const [update, install = ''] = here.calls()
    assert.equal(update, 'apt-get update -q')
    assert.match(install, /^apt-get install -y -q --no-install-recommends ffmpeg chromium-headless-shell .*\bmpv\b/)
    assert.deepEqual(await here.setup('test', 'root'), { code: 0, said: '' })
  })

  test('sudo without a password does as well; lists that could not be renewed do not matter', async (t) => {
    const here = machine(t)
    // Drops `-n`, and the variable before the command.
    here.program('sudo', 'shift; [ "$1" = true ] && exit 0; shift; "$STUBS/$1" "$2" "$3"')
    here.program('apt-get', `[ "$1" = update ] && exit 100; ${installed}`)
    const { code, said } = await here.setup('test')
    assert.equal(code, 0, said)
    assert.match(here.calls().at(-2) ?? '', /^sudo -n DEBIAN_FRONTEND=noninteractive apt-get install -y -q .* ffmpeg/)
  })

  test('an installation that fails is told, with the line', async (t) => {
    const here = machine(t)
    here.program('apt-get', 'exit 100')
    const { code, said } = await here.setup('test', 'root')
    assert.equal(code, 1)
    assert.match(said, /apt-get install failed[^]*The line was: {2}apt-get update && apt-get install/)
  })

  test('one that brought nothing is told too', async (t) => {
    const here = machine(t)
    here.program('apt-get')
    const { code, said } = await here.setup('bench', 'root')
    assert.equal(code, 1)
    assert.match(said, /installed, but still not found: ffmpeg/)
  })
})

describe('what npm brings', { concurrency: true }, () => {
  const ci = '[ "$1" = ci ] && /bin/cp "$CLONE/package-lock.json" "$CLONE/node_modules/.package-lock.json"'

  for (const [what, change] of [
    ['missing', undefined],
    ['of another version', lock.replace('24.0.0', '23.0.0')],
  ] as const) {
    test(`packages that are ${what} are installed as the lockfile says`, async (t) => {
      const here = machine(t)
      here.program('npm', ci)
      if (change === undefined) here.remove('node_modules/.package-lock.json')
      else here.write('node_modules/.package-lock.json', change)
      const { code, said } = await here.setup('start')
      assert.equal(code, 0, said)
      // With what the pages are built with, also where NODE_ENV or npm's own settings leave that out.
      assert.match(here.calls().join('\n'), /^npm ci .*--include=dev\b/)
      assert.deepEqual(await here.setup('start'), { code: 0, said: '' })
    })
  }

  test('npm that fails is told, and nothing goes on', async (t) => {
    const here = machine(t)
    here.program('npm', 'exit 1')
    here.remove('node_modules/.package-lock.json')
    const { code, said } = await here.setup('test', 'root')
    assert.equal(code, 1)
    assert.match(said, /npm ci failed/)
    assert.equal(here.calls().length, 1)
  })

  test('a pinned Node that npm did not fetch is fetched', async (t) => {
    const here = machine(t)
    here.program('npm', '/bin/ln -s "$NODE" "$CLONE/node_modules/node/bin/node"')
    here.remove('node_modules/node/bin/node')
    const { code, said } = await here.setup('start')
    assert.equal(code, 0, said)
    assert.deepEqual(here.calls(), ['npm rebuild node --ignore-scripts=false'])
  })

  test('one that cannot run on this system is told before anything is built with it', async (t) => {
    const here = machine(t)
    here.write('packages/ui/vite.config.ts', '')
    here.write('packages/contract/limits.ts', '')
    here.remove('node_modules/node/bin/node')
    // As a program for another C library: there, and without its loader.
    here.write('node_modules/node/bin/node', `#!/no/such/loader\n${'#'.repeat(1_000_001)}`)
    chmodSync(join(here.folder, 'node_modules/node/bin/node'), 0o755)
    const { code, said } = await here.setup('start')
    assert.equal(code, 1)
    assert.match(said, /the pinned Node does not run here \(.*ENOENT.*\)[^]*glibc/)
    assert.doesNotMatch(said, /building/)
  })

  test('a program that is not there is told by its name', async (t) => {
    const here = machine(t)
    here.remove('node_modules/.package-lock.json')
    const { code, said } = await here.setup('start')
    assert.equal(code, 1)
    assert.match(said, /spawnSync npm ENOENT[^]*npm ci failed/)
  })

  test('one that cannot be fetched is told, with what to do', async (t) => {
    const here = machine(t)
    here.program('npm')
    here.remove('node_modules/node/bin/node')
    const { code, said } = await here.setup('start')
    assert.equal(code, 1)
    assert.match(said, /the pinned Node 24 could not be installed[^]*npm config delete ignore-scripts/)
  })
})

test('pages are built when they are missing or older than what they are made of, and only then', async (t) => {
  const here = machine(t)
  here.write('packages/ui/vite.config.ts', '')
  here.write('packages/ui/player.ts', 'one')
  here.write('packages/contract/limits.ts', 'one')
  here.write('node_modules/vite/bin/vite.js', "require('node:fs').mkdirSync('packages/ui/dist', { recursive: true })")
  const builds = async () => {
    const { code, said } = await here.setup('start')
    assert.equal(code, 0, said)
    return said !== ''
  }
  assert.equal(await builds(), true)
  assert.equal(here.has('packages/ui/dist'), true)
  assert.equal(await builds(), false)
  for (const [path, expected] of [
    ['packages/ui/player.ts', true],
    ['packages/contract/limits.ts', true],
    ['package-lock.json', true],
    ['packages/ui/player.test.ts', false],
    ['packages/ui/README.md', false],
  ] as const) {
    here.write(path, path === 'package-lock.json' ? `${lock}\n` : 'two')
    assert.equal(await builds(), expected, path)
  }
  here.remove('packages/ui/dist')
  assert.equal(await builds(), true)
  here.remove('packages/ui/dist')
  here.write('node_modules/vite/bin/vite.js', 'process.exit(1)')
  const { code, said } = await here.setup('start')
  assert.equal(code, 1)
  assert.match(said, /building the pages failed/)
})

test('an old Node, and a word that is no mode, are refused', async (t) => {
  const here = machine(t)
  const old = "Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } })"
  const { code, said } = await here.setup('start', 'somebody', old)
  assert.equal(code, 1)
  assert.match(said, /Node 20 or newer is needed/)
  assert.equal((await here.setup('tset')).code, 1)
})
