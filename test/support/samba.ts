import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../bench/support/free-port.ts'
import { type Running, start } from './process.ts'
import { findProgram } from './programs.ts'
import { temporaryFolder } from './temporary.ts'
import { waitFor } from './wait.ts'

/** A Samba server with one share that anybody may write to. */
export interface Samba {
  /** The folder that is shared. */
  readonly folder: string
  /** Writes files of a local folder into the share, in this order, as another machine does. @returns whether all were written. */
  put(from: string, names: readonly string[]): Promise<boolean>
  /** The server is gone, as when its machine is switched off. */
  stop(): Promise<void>
  /** It is back, at the same port. */
  start(): Promise<void>
}

export async function startSamba(folder: string): Promise<Samba> {
  const home = temporaryFolder('samba')
  const port = await freePort()
  const { username } = userInfo()
  const folders = ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc']
  for (const name of folders) mkdirSync(join(home, name))
  const config = join(home, 'smb.conf')
  writeFileSync(
    config,
    [
      ...['[global]', 'server role = standalone server', `smb ports = ${port}`, 'interfaces = 127.0.0.1'],
      ...['bind interfaces only = yes', 'map to guest = Bad User', `guest account = ${username}`, 'load printers = no'],
      ...[
        'disable spoolss = yes',
        `log file = ${home}/log`,
        `pid directory = ${home}/pid`,
        `ncalrpc dir = ${home}/ncalrpc`,
      ],
      ...['private', 'lock', 'state', 'cache'].map(
        (name) => `${name}${name === 'private' ? ' dir' : ' directory'} = ${home}/${name}`,
      ),
      ...['[share]', `path = ${folder}`, 'guest ok = yes', 'read only = no', `force user = ${username}`, ''],
    ].join('\n'),
  )
  let server: Running | undefined

  async function client(command: string, cwd: string): Promise<boolean> {
    const args = ['//127.0.0.1/share', '-p', String(port), '-N', '-s', config, '-t', '10', '-c', command]
    const running = start(findProgram('smbclient'), args, { cwd, limit: 20_000 })
    running.stdin.end()
    const { code } = await running.exited
    return code === 0 && !/NT_STATUS_/.test(running.output())
  }

  const samba: Samba = {
    folder,
    put: (from, names) => client(names.map((name) => `put ${name} ${name}`).join('; '), from),
    async stop() {
      await server?.stop('SIGKILL')
      server = undefined
    },
    async start() {
      // Where its input is a socket, as here, it takes that for a client unless it is told that it is a daemon.
      server = start(findProgram('smbd'), ['--daemon', '--foreground', '--no-process-group', `--configfile=${config}`])
      await waitFor(`the Samba server\n${server.output()}`, () => client('ls', home), 30_000, 200)
    },
  }
  await samba.start().catch(async (error: unknown) => {
    await samba.stop()
    throw error
  })
  return samba
}
