import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { AppError } from '../error.ts'
import { type ListenAddress, printAddress } from './address.ts'
import { isOfService } from './kubernetes.ts'
import { environmentName, flagName, type SettingName, type Settings, secretSettings, settingsSchema } from './schema.ts'
import { whyUnread } from './unread.ts'
import { isTurnByTcp } from './webrtc.ts'

const OF_TESTS: ReadonlySet<string> = new Set(['BANDSTAND_LONG', 'BANDSTAND_CHROMIUM'])
const settingNames = Object.keys(settingsSchema.shape) as SettingName[]

/** Where settings come from, weakest first: `bandstand.yaml`, environment, flags. */
export interface SettingSources {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder in which `bandstand.yaml` is looked for when `--config` does not name a file. */
  readonly cwd: string
}

export interface LoadedSettings {
  readonly settings: Settings
  /** What is no flag. */
  readonly words: readonly string[]
  /** Names of variables that look like settings and are Kubernetes's. */
  readonly leftAlone: readonly string[]
}

/** @throws AppError `bad-setting`, one line naming the setting and what it takes. */
export function loadSettings(sources: SettingSources): LoadedSettings {
  const { values: flags, words, config } = readFlags(sources.args)
  const { values: variables, leftAlone } = readEnvironment(sources.env)
  const found: Record<string, unknown> = {
    ...readFile(config, sources),
    ...variables,
    ...flags,
  }
  const result = settingsSchema.safeParse(found)
  if (!result.success) {
    const issue = result.error.issues[0]
    const name = String(issue?.path[0] ?? (issue?.code === 'unrecognized_keys' ? issue.keys[0] : 'settings'))
    throw badSetting(
      name,
      found[name],
      issue?.code === 'unrecognized_keys' ? 'is not a setting' : (issue?.message ?? ''),
    )
  }
  if ((result.data.tlsCert === undefined) !== (result.data.tlsKey === undefined)) {
    throw new AppError('bad-setting', '--tls-cert and --tls-key go together: give both or neither')
  }
  if (result.data.rtmps !== undefined && result.data.rtmps !== 'off' && result.data.tlsCert === undefined) {
    throw new AppError('bad-setting', '--rtmps needs a certificate: give --tls-cert and --tls-key too, or leave it out')
  }
  if ((result.data.publishHook === undefined) !== (result.data.publishHookSecret === undefined)) {
    throw new AppError('bad-setting', '--publish-hook and --publish-hook-secret go together: give both or neither')
  }
  const { iceServers, turnSecret, turnUsername, turnPassword } = result.data
  const isNamed = turnSecret !== undefined || (turnUsername !== undefined && turnPassword !== undefined)
  if (!isNamed && iceServers.some((url) => url.startsWith('turn'))) {
    // Browsers refuse a TURN server without both, and with it the whole connection (webrtc-pc §4.4.1.6).
    throw new AppError(
      'bad-setting',
      '--ice-servers names a TURN server: give --turn-secret, or --turn-username and --turn-password',
    )
  }
  const { webrtc } = result.data
  if (webrtc !== 'off' && webrtc.port === 65_535 && iceServers.some(isTurnByTcp)) {
    throw new AppError(
      'bad-setting',
      `--webrtc ${printAddress(webrtc)}: --ice-servers names a TURN server by TCP or TLS, for which the next port is taken too: give 65534 at most`,
    )
  }
  return { settings: result.data, words, leftAlone }
}

function badSetting(name: string, value: unknown, why: string): AppError {
  const shown = mayBeShown(name, value) ? ` ${JSON.stringify(value)}` : ''
  const form = name in settingsSchema.shape ? ` (${settingsSchema.shape[name as SettingName].description})` : ''
  return new AppError(
    'bad-setting',
    `setting ${name} (--${flagName(name)}, ${environmentName(name)})${shown}: ${why}${form}`,
  )
}

/** What is refused goes to logs and terminals. */
function mayBeShown(name: string, value: unknown): boolean {
  // Behind a mistyped name there may be a password.
  if (value === undefined || !(name in settingsSchema.shape) || secretSettings.has(name)) return false
  // An address may have a password before its "@", and anything in its query (RFC 3986, 3.2.1, 3.4), also where neither is taken.
  return !/[@?]/.test(JSON.stringify(value))
}

function readFlags(args: readonly string[]): {
  values: Record<string, unknown>
  words: string[]
  config: string | undefined
} {
  const values: Record<string, unknown> = {}
  const words: string[] = []
  let config: string | undefined
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!arg.startsWith('--')) {
      words.push(arg)
      continue
    }
    const [flag, inline] = splitOnce(arg.slice(2), '=')
    const name = settingNames.find((candidate) => flagName(candidate) === flag)
    if (name === undefined && flag !== 'config') {
      throw new AppError('bad-setting', `--${flag} is not a setting; --help lists them`)
    }
    const boolean = name === 'recording'
    const next = args[i + 1]
    let value: unknown = inline
    if (value === undefined && boolean && (next === undefined || next.startsWith('--'))) value = true
    if (value === undefined) {
      if (next === undefined) throw new AppError('bad-setting', `--${flag} takes a value`)
      value = next
      i++
    }
    if (name === undefined) config = String(value)
    else values[name] = value
  }
  return { values, words, config }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function readEnvironment(env: SettingSources['env']): { values: Record<string, unknown>; leftAlone: string[] } {
  const values: Record<string, unknown> = {}
  for (const name of settingNames) {
    const value = env[environmentName(name)]
    // Compose files leave variables empty that nobody has set.
    if (value !== undefined && value !== '') values[name] = value
  }
  const leftAlone: string[] = []
  for (const [name, value = ''] of Object.entries(env)) {
    // BANDSTAND_LONG and the like steer the tests, not the server.
    if (!name.startsWith('BANDSTAND_') || name.startsWith('BANDSTAND_TEST_') || OF_TESTS.has(name)) continue
    if (settingNames.some((known) => environmentName(known) === name)) continue
    if (!isOfService(name, value))
      throw new AppError('bad-setting', `environment variable ${name} is not a setting; --help lists them`)
    leftAlone.push(name)
  }
  return { values, leftAlone }
}

/** Its 72 modules are loaded only where there is a settings file. */
function parseYaml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)('yaml') as { parse(text: string, options: object): unknown }
  // It would warn of a tag that it does not know with the line in which it stands: "!" may begin a password.
  return parse(text, { logLevel: 'error' })
}

function readFile(config: string | undefined, { cwd }: SettingSources): Record<string, unknown> {
  const path = config ?? `${cwd}/bandstand.yaml`
  if (config === undefined && !existsSync(path)) return {}
  let content: unknown
  try {
    content = parseYaml(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new AppError('bad-setting', `settings file ${path}: ${whyUnread(cause as NodeJS.ErrnoException)}`, cause)
  }
  if (content === null) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new AppError('bad-setting', `settings file ${path}: takes lines of the form "name: value"`)
  }
  // A name that nothing follows is null in YAML.
  const entries = Object.entries(content)
  return Object.fromEntries(entries.filter(([name, value]) => value !== null || !(name in settingsSchema.shape)))
}

/** One line a setting, for `--help`. */
export function printSettingsHelp(): string {
  const defaults: Record<string, unknown> = settingsSchema.parse({})
  const width = Math.max(...settingNames.map((name) => flagName(name).length)) + 2
  return settingNames
    .map((name) => {
      const value = printDefault(defaults[name])
      return `  --${flagName(name).padEnd(width)}${settingsSchema.shape[name].description}${value === '' ? '' : ` [${value}]`}`
    })
    .join('\n')
}

function printDefault(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (typeof value === 'object' && value !== null && 'port' in value) return printAddress(value as ListenAddress)
  return ''
}
