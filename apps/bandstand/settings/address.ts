import { isIP } from 'node:net'
import { z } from 'zod'

/** Where a listener binds. */
export interface ListenAddress {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
}

const hint = 'takes HOST:PORT, :PORT or PORT, for example 0.0.0.0:8080 (port 0: any free port)'

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or `PORT`. */
export const listenAddress = z.union([z.string(), z.number()]).transform((input, context): ListenAddress => {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):)?(\d{1,5})$/.exec(String(input).trim())
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: hint })
    return z.NEVER
  }
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port }
})

/** For logs and the ready line: `HOST:PORT`, IPv6 in brackets. */
export function printAddress(address: ListenAddress): string {
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

/** An IP address, or a network with the length of its prefix (RFC 4632, 3.1). */
export function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const kind = isIP(address)
  return kind !== 0 && Number(bits ?? 0) <= (kind === 4 ? 32 : 128)
}

/** The address of an HTTP server, with nothing behind host and port but perhaps a slash. */
export function isBareOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, origin, href } = new URL(text)
  return /^https?:$/.test(protocol) && href === `${origin}/`
}
