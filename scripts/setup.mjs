/**
 * Everything a fresh machine needs before `npm start`, `npm test` or `npm run bench`: node_modules, the built pages and,
 * for the last two, the real programs that tests talk to. Runs on the machine's own Node (>= 20) before any dependency
 * exists, so it is plain JavaScript without imports of ours. Says nothing and takes a few tens of ms when all is there.
 *
 * usage: node scripts/setup.mjs start|test|bench
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** @returns {never} */
function stop(/** @type {string[]} */ ...lines) {
  for (const line of lines) console.error(`bandstand: ${line}`)
  process.exit(1)
}

function say(/** @type {string} */ line) {
  console.error(`bandstand: ${line}`)
}

/** Runs a command with its output on stderr, so that stdout stays the program's own. */
function run(/** @type {string} */ command, /** @type {string[]} */ args, /** @type {NodeJS.ProcessEnv} */ env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  })
  // A program that could not be run has said nothing itself.
  if (result.error) say(result.error.message)
  return result.status === 0
}

function readJson(/** @type {string} */ path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'))
  } catch {
    return undefined
  }
}

// --- node_modules -----------------------------------------------------------------------------------------------

const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

/**
 * What is wrong with node_modules, or undefined. npm writes node_modules/.package-lock.json last, so it is missing after
 * an interrupted install; compared by content because a checkout changes file times and not what is needed.
 */
function dependenciesMissing() {
  const wanted = readJson('package-lock.json')?.packages
  const got = readJson('node_modules/.package-lock.json')?.packages
  if (!wanted) stop('package-lock.json is missing or damaged. Restore it with: git checkout package-lock.json')
  if (!got) return 'node_modules is missing or incomplete'
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !path.includes('node_modules/')) continue
    const there = got[path]
    // Optional packages for other systems are listed in the lockfile and rightly not installed.
    if (!there && (entry.optional || entry.devOptional || entry.peer)) continue
    if (!there) return `${path} is missing`
    if (there.version !== entry.version || there.integrity !== entry.integrity) return `${path} is out of date`
    const nested = path.indexOf('node_modules/', 1) !== -1
    if (!nested && !existsSync(join(root, path))) return `${path} is missing`
  }
  return undefined
}

function pinnedNodeWorks() {
  return existsSync(pinnedNode) && statSync(pinnedNode).size > 1_000_000
}

function ensureDependencies() {
  const why = dependenciesMissing()
  if (why) {
    say(`${why}; running npm ci (about half a minute, once)`)
    // What the pages are built with is left out otherwise where NODE_ENV is production, or npm is set to.
    if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']))
      stop('npm ci failed; its own message is above. Without network, copy node_modules from a machine like this one.')
  }
  if (pinnedNodeWorks()) return
  // The package "node" fetches its program in an install script, which `ignore-scripts` and newer npm may have skipped.
  say('the pinned Node is not there although its package is; running its install script')
  run('npm', ['rebuild', 'node', '--ignore-scripts=false'])
  if (!pinnedNodeWorks() && existsSync(join(root, 'node_modules/node/installArchSpecificPackage.js')))
    spawnSync(process.execPath, ['installArchSpecificPackage.js'], {
      cwd: join(root, 'node_modules/node'),
      stdio: ['ignore', 2, 2],
    })
  if (!pinnedNodeWorks())
    stop(
      'the pinned Node 24 could not be installed: npm did not run the install script of the package "node".',
      'Allow it, then install again:  npm config delete ignore-scripts && rm -rf node_modules && npm ci',
    )
}

/** It is there, and may be for another C library: told here, not as a build that fails. */
function ensurePinnedNodeRuns() {
  const { status, error } = spawnSync(pinnedNode, ['--version'], { stdio: ['ignore', 'ignore', 2] })
  if (status === 0) return
  stop(
    `the pinned Node does not run here (${error?.message ?? `it ended with ${status}; its message is above`}).`,
    'On Linux it needs glibc 2.28 or newer, as Debian 10 and RHEL 8 have; Alpine has another C library (musl).',
  )
}

// --- pages ------------------------------------------------------------------------------------------------------

/** Every file that the built pages are made of, except what a build or a test leaves there. */
function pageSources(/** @type {string} */ folder, /** @type {string[]} */ found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules' || entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) pageSources(path, found)
    else if (!/\.(test|fuzz)\.ts$|\.md$/.test(entry.name)) found.push(path)
  }
  return found
}

function ensurePages() {
  const ui = join(root, 'packages', 'ui')
  if (!['ts', 'js', 'mjs'].some((ending) => existsSync(join(ui, `vite.config.${ending}`)))) return
  const hash = createHash('sha256')
  const sources = [...pageSources(ui), ...pageSources(join(root, 'packages', 'contract'))].sort()
  for (const path of [...sources, join(root, 'package-lock.json')])
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0')
  const digest = hash.digest('hex')
  const stamp = join(ui, 'dist', '.built-from')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  ensurePinnedNodeRuns()
  say('building the pages')
  if (!run(pinnedNode, [join('node_modules', 'vite', 'bin', 'vite.js'), 'build', 'packages/ui', '--logLevel', 'warn']))
    stop('building the pages failed; the message is above.')
  if (existsSync(join(ui, 'dist'))) writeFileSync(stamp, digest)
}

// --- programs that tests and benchmarks talk to -----------------------------------------------------------------

function onPath(/** @type {string[]} */ ...names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return names.some((name) => folders.some((folder) => folder !== '' && existsSync(join(folder, name))))
}

function inLibrary(/** @type {string} */ path) {
  const bases = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  return bases.some((base) => existsSync(join(base, path)))
}

const plugin = (/** @type {string} */ name) => inLibrary(`gstreamer-1.0/libgst${name}.so`)

const browser = () =>
  (process.env.BANDSTAND_CHROMIUM ?? '') !== '' ||
  onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

/** @type {{ packages: string[], modes: string[], there: () => boolean }[]} */
const programs = [
  { packages: ['ffmpeg'], modes: ['test', 'bench'], there: () => onPath('ffmpeg') && onPath('ffprobe') },
  {
    packages: ['chromium-headless-shell'],
    modes: ['test'],
    there: () => browser() || onPath('chromium-headless-shell'),
  },
  { packages: ['chromium'], modes: ['bench'], there: browser },
  { packages: ['gstreamer1.0-tools'], modes: ['test'], there: () => onPath('gst-launch-1.0') },
  { packages: ['gstreamer1.0-plugins-base'], modes: ['test'], there: () => plugin('videotestsrc') },
  { packages: ['gstreamer1.0-plugins-good'], modes: ['test'], there: () => plugin('flv') },
  { packages: ['gstreamer1.0-plugins-bad'], modes: ['test'], there: () => plugin('rtmp2') && plugin('voaacenc') },
  { packages: ['gstreamer1.0-plugins-ugly'], modes: ['test'], there: () => plugin('x264') },
  { packages: ['obs-studio'], modes: ['test'], there: () => onPath('obs') },
  { packages: ['xvfb'], modes: ['test'], there: () => onPath('Xvfb') },
  { packages: ['mpv'], modes: ['test'], there: () => onPath('mpv') },
  { packages: ['vlc-bin', 'vlc-plugin-base'], modes: ['test'], there: () => onPath('cvlc') },
  { packages: ['nginx'], modes: ['test', 'bench'], there: () => onPath('nginx') },
  {
    packages: ['vlc-plugin-access-extra'],
    modes: ['test'],
    there: () => inLibrary('vlc/plugins/access/libaccess_srt_plugin.so'),
  },
  { packages: ['srt-tools'], modes: ['test', 'bench'], there: () => onPath('srt-live-transmit') },
  { packages: ['coturn'], modes: ['test'], there: () => onPath('turnserver') },
  { packages: ['samba'], modes: ['test'], there: () => onPath('smbd') },
  { packages: ['smbclient'], modes: ['test'], there: () => onPath('smbclient') },
  {
    packages: ['libnginx-mod-rtmp'],
    modes: ['bench'],
    there: () => inLibrary('nginx/modules/ngx_rtmp_module.so'),
  },
  { packages: ['janus'], modes: ['bench'], there: () => onPath('janus') },
  { packages: ['wrk'], modes: ['bench'], there: () => onPath('wrk') },
]

function ensurePrograms(/** @type {string} */ mode) {
  const needed = programs.filter((program) => program.modes.includes(mode))
  const missing = () => needed.filter((program) => !program.there()).flatMap((program) => program.packages)
  const packages = missing()
  if (packages.length === 0) return
  const asRoot = process.getuid?.() === 0
  const sudo = asRoot ? '' : 'sudo '
  const line = `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const mayInstall =
    onPath('apt-get') &&
    (asRoot || (onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0))
  if (!mayInstall)
    stop(
      `npm ${mode === 'test' ? 'test' : 'run bench'} works with real programs, and these are missing: ${packages.join(', ')}`,
      `Install them (Debian, Ubuntu), then run it again:  ${line}`,
    )
  say(`installing what the ${mode === 'test' ? 'tests' : 'benchmarks'} need: ${packages.join(', ')}`)
  const apt = (/** @type {string[]} */ ...args) =>
    asRoot
      ? run('apt-get', args, { DEBIAN_FRONTEND: 'noninteractive' })
      : run('sudo', ['-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args])
  // A stale or partly failing list is not fatal by itself: what counts is whether the install succeeds.
  if (!apt('update', '-q')) say('apt-get update failed; trying to install all the same')
  if (!apt('install', '-y', '-q', '--no-install-recommends', ...packages))
    stop('apt-get install failed; its message is above.', `The line was:  ${line}`)
  const still = missing()
  if (still.length > 0) stop(`installed, but still not found: ${still.join(', ')}`)
}

// ----------------------------------------------------------------------------------------------------------------

const mode = process.argv[2] ?? 'start'
if (!['start', 'test', 'bench'].includes(mode)) stop(`setup takes start, test or bench, not "${mode}"`)
if (Number(process.versions.node.split('.')[0]) < 20)
  stop(`Node 20 or newer is needed to set up; this is ${process.version}. See https://nodejs.org/`)
ensureDependencies()
ensurePages()
if (mode !== 'start') ensurePrograms(mode)
