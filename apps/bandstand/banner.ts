import type { Settings } from './settings/schema.ts'

export interface BannerFacts {
  readonly settings: Settings
  readonly addresses: {
    readonly http: string
    readonly rtmp: string
    readonly rtmps?: string
    readonly srt?: string
    readonly webrtc?: string
  }
  readonly demo: boolean
  readonly firstStart: FirstStart | undefined
  readonly version: string
}

/** What the first start made; a secret that was given in the settings is not repeated. */
export interface FirstStart {
  readonly ownerPassword?: string
  readonly streamKey?: string
}

/** What a person needs to know when the server is ready. Secrets are shown at the first start only. */
export function printBanner({ settings, addresses, demo, firstStart, version }: BannerFacts): string {
  const scheme = settings.tlsCert === undefined ? 'http' : 'https'
  const known = settings.publicUrl === undefined ? undefined : new URL(settings.publicUrl)
  const web = known?.origin ?? `${scheme}://${local(addresses.http)}`
  const hostOf = (address: string) => (known === undefined ? local(address) : `${known.hostname}:${portOf(address)}`)
  const lines: [string, string][] = [
    ['Watch', `${web}/`],
    ['Studio', `${web}/studio`],
    ['OBS server', `rtmp://${hostOf(addresses.rtmp)}/live`],
  ]
  if (addresses.rtmps !== undefined) lines.push(['… encrypted', `rtmps://${hostOf(addresses.rtmps)}/live`])
  if (addresses.srt !== undefined) lines.push(['SRT', `srt://${hostOf(addresses.srt)}?streamid=publish:KEY`])
  if (addresses.webrtc !== undefined) lines.push(['Real time', `WebRTC at UDP port ${portOf(addresses.webrtc)}`])
  lines.push(['Stream key', firstStart?.streamKey ?? 'in the studio'])
  if (firstStart?.ownerPassword !== undefined) {
    lines.push(["Owner's password", `${firstStart.ownerPassword}   (shown this once: note it down)`])
  }
  if (demo) lines.push(['Demo', 'a test stream is on the channel main'])
  const width = Math.max(...lines.map(([name]) => name.length))
  const rows = lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return `\n  Bandstand ${version} is ready\n\n${rows.join('\n')}\n\n`
}

/** What the first start made, where it came no further. */
export function printFirstStart({ ownerPassword, streamKey }: FirstStart): string {
  const password =
    ownerPassword === undefined ? '' : `Owner's password  ${ownerPassword}   (shown this once: note it down)\n`
  return `${streamKey === undefined ? '' : `Stream key        ${streamKey}\n`}${password}`
}

const portOf = (address: string) => address.split(':').at(-1)

/** An address that can be clicked on this machine. */
function local(address: string): string {
  return address.replace(/^0\.0\.0\.0:|^\[::\]:/, 'localhost:')
}
