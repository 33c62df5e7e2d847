import { PlatformError } from '@bandstand/platform/error.ts'
import { openOffline } from '@bandstand/platform/publishing/offline.ts'
import { signGiven } from '@bandstand/platform/publishing/signing.ts'
import { AppError } from '../error.ts'
import { loadSettings } from '../settings/load.ts'
import { parseMoment } from './moment.ts'

export interface SignEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  /** Unix ms. */
  now(): number
}

const usage = `bandstand sign CHANNEL [--expires 1d] [--session 4h] [--from ADDRESS,…] [--data FOLDER]

Prints a key to be given to an encoder in place of the stream key. It is signed with the data folder's secret, so the
server need not run. It is kept nowhere: the studio revokes all that were signed for a channel at once.

  --expires WHEN    until then an encoder may begin, or come back, with it (default: in one day)
  --session WHEN    who is live with it is stopped then (default: never)
  --from ADDRESS,…  where the encoder may come from: IP addresses and networks such as 192.0.2.0/24 (default: anywhere)
  WHEN              90s, 15m, 4h or 7d from now, or a moment such as 2026-01-02T03:04:05Z
  --data, --config  as for the server
`

const OWN = new Set(['--expires', '--session', '--from'])

/**
 * The `sign` command.
 *
 * @param argv what follows `sign` on the command line
 * @returns the exit code
 * @throws AppError
 */
export async function runSign(argv: readonly string[], environment: SignEnvironment): Promise<number> {
  const { stdout, stderr } = environment
  if (argv.includes('--help')) {
    stdout.write(usage)
    return 0
  }
  const { own, rest } = separate(argv)
  const { settings, words } = loadSettings({ args: rest, env: environment.env, cwd: environment.cwd })
  const [channel, ...more] = words
  if (channel === undefined || more.length > 0)
    throw new AppError('usage', 'name one channel: bandstand sign CHANNEL; --help says more')
  const now = environment.now()
  const session = own.get('--session')
  const given = {
    expiresAt: moment('--expires', own.get('--expires') ?? '1d', now),
    sessionEndsAt: session === undefined ? null : moment('--session', session, now),
    addresses: (own.get('--from') ?? '')
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean),
  }
  const signed = await sign(settings.data, channel, given, now)
  stdout.write(`${signed.key}\n`)
  const until = signed.sessionEndsAt === null ? '' : `, sessions end at ${signed.sessionEndsAt}`
  const from = signed.addresses.length === 0 ? '' : `, from ${signed.addresses.join(', ')}`
  stderr.write(`good on ${channel} until ${signed.expiresAt}${until}${from}\n`)
  return 0
}

async function sign(data: string, channel: string, given: Parameters<typeof signGiven>[2], now: number) {
  try {
    const known = await openOffline(data, channel)
    const signed = signGiven(known.secrets, known.channel, given, now)
    if ('problem' in signed) throw new AppError('usage', signed.problem)
    return signed
  } catch (error) {
    if (error instanceof PlatformError) throw new AppError('cannot-start', error.message, error)
    throw error
  }
}

/** What is this command's own, and what is a setting's. */
function separate(argv: readonly string[]): { own: Map<string, string>; rest: string[] } {
  const own = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? ''
    const [, name = '', inline] = /^(--[a-z]+)(?:=(.*))?$/s.exec(argument) ?? []
    if (!OWN.has(name)) {
      rest.push(argument)
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined) throw new AppError('usage', `${name} takes a value; --help says which`)
    own.set(name, value)
  }
  return { own, rest }
}

function moment(flag: string, text: string, now: number): string {
  const at = parseMoment(text, now)
  if (at === undefined)
    throw new AppError(
      'usage',
      `${flag} ${text}: takes 90s, 15m, 4h or 7d from now, or a moment such as 2026-01-02T03:04:05Z`,
    )
  return new Date(at).toISOString()
}
