import { AppError } from './error.ts'
import { loadSettings, printSettingsHelp } from './settings/load.ts'
import { version } from './version.ts'

const help = `Bandstand ${version}: a live-video platform that you own

  bandstand [serve]       run the server
  bandstand demo          run the server with a built-in test stream on the channel main
  bandstand check URL     watch an HLS or LL-HLS address and report what breaks the rules (--help for more)
  bandstand sign CHANNEL  print a key that is good for a while, in place of the stream key (--help for more)
  bandstand doctor        say what is missing or misconfigured here
  --config FILE           settings file (default: bandstand.yaml in this folder)
  --help, --version

Settings, as flag, as environment variable (BANDSTAND_…) or in the settings file:
${printSettingsHelp()}`

/** Each command is imported when it is asked for: a start loads nothing it does not need. */
async function main(args: readonly string[]): Promise<number | undefined> {
  if (args[0] === 'check') {
    const { runCheck } = await import('@bandstand/engine/check/command.ts')
    return runCheck(args.slice(1), { stdout: process.stdout, stderr: process.stderr })
  }
  if (args[0] === 'sign') {
    const { runSign } = await import('./sign/sign.ts')
    const { env, stdout, stderr } = process
    return runSign(args.slice(1), { env, cwd: process.cwd(), stdout, stderr, now: Date.now })
  }
  if (args.includes('--help') || args[0] === 'help') {
    console.log(help)
    return 0
  }
  if (args.includes('--version')) {
    console.log(version)
    return 0
  }
  const { settings, words, leftAlone } = loadSettings({ args, env: process.env, cwd: process.cwd() })
  const [command = 'serve', ...rest] = words
  if (rest.length > 0) throw new AppError('usage', `did not understand ${rest.join(' ')}; --help lists the commands`)
  switch (command) {
    case 'serve':
    case 'demo': {
      const { serve } = await import('./serve.ts')
      await serve(settings, { demo: command === 'demo', leftAlone })
      return undefined
    }
    case 'doctor': {
      const { doctor } = await import('./doctor/doctor.ts')
      return doctor(settings, (line) => console.log(line))
    }
    default:
      throw new AppError('usage', `there is no command ${command}; --help lists them`)
  }
}

try {
  const status = await main(process.argv.slice(2))
  if (status !== undefined) process.exitCode = status
} catch (error) {
  if (!(error instanceof AppError)) throw error
  console.error(`bandstand: ${error.message}`)
  process.exitCode = error.code === 'usage' || error.code === 'bad-setting' ? 2 : 1
}
