import { SIGNED_NETWORKS_MAX } from '@bandstand/contract/limits.ts'
import { cut, type Network } from './networks.ts'

/** What a signed key allows. */
export interface Policy {
  readonly channelId: string
  /** Number of the channel's secret by which it is signed. */
  readonly secretNumber: number
  /** Unix s from which no encoder is let in. */
  readonly expiresAt: number
  /** Unix s at which a session ends; 0 for never. */
  readonly sessionEndsAt: number
  /** Where the encoder may come from; none: from anywhere. */
  readonly networks: readonly Network[]
}

const HEAD = 29

/**
 * A policy in as few bytes as it takes, for they have to fit an SRT stream id. Big-endian, and of one form only: what has
 * other bytes is another policy.
 *
 * ```
 *  0             16        20          24             28      29
 *  +- ... ------+---------+-----------+--------------+-------+--------+--------+-- ... ----+
 *  | channel    | secret  | expires   | session ends | count | family | prefix | address   | …
 *  | UUID       | number  | Unix s    | Unix s or 0  |       | 4 or 6 | bits   | ⌈bits/8⌉  |
 *  +- ... ------+---------+-----------+--------------+-------+--------+--------+-- ... ----+
 * ```
 */
export function printPolicy({ channelId, secretNumber, expiresAt, sessionEndsAt, networks }: Policy): Buffer {
  const head = Buffer.alloc(HEAD)
  head.write(channelId.slice('ch_'.length).replaceAll('-', ''), 'hex')
  head.writeUInt32BE(secretNumber, 16)
  head.writeUInt32BE(expiresAt, 20)
  head.writeUInt32BE(sessionEndsAt, 24)
  head.writeUInt8(networks.length, 28)
  const rest = networks.map(({ address, prefix }) => {
    const family = address.length === 4 ? 4 : 6
    return Buffer.from([family, prefix, ...address.slice(0, Math.ceil(prefix / 8))])
  })
  return Buffer.concat([head, ...rest])
}

/** @returns undefined for bytes that {@link printPolicy} does not make */
export function parsePolicy(bytes: Buffer): Policy | undefined {
  if (bytes.length < HEAD) return undefined
  const count = bytes.readUInt8(28)
  if (count > SIGNED_NETWORKS_MAX) return undefined
  const networks: Network[] = []
  let at = HEAD
  for (let i = 0; i < count; i++) {
    const network = parseNetworkAt(bytes, at)
    if (network === undefined) return undefined
    networks.push(network)
    at += 2 + Math.ceil(network.prefix / 8)
  }
  if (at !== bytes.length) return undefined
  return {
    channelId: `ch_${printUuid(bytes.toString('hex', 0, 16))}`,
    secretNumber: bytes.readUInt32BE(16),
    expiresAt: bytes.readUInt32BE(20),
    sessionEndsAt: bytes.readUInt32BE(24),
    networks,
  }
}

function parseNetworkAt(bytes: Buffer, at: number): Network | undefined {
  const [family, prefix] = [bytes[at], bytes[at + 1]]
  if (prefix === undefined || (family !== 4 && family !== 6)) return undefined
  const length = family === 4 ? 4 : 16
  const given = [...bytes.subarray(at + 2, at + 2 + Math.ceil(prefix / 8))]
  if (prefix > length * 8 || given.length < Math.ceil(prefix / 8)) return undefined
  const network = cut([...given, ...Array<number>(length - given.length).fill(0)], prefix)
  return given.every((byte, i) => byte === network.address[i]) ? network : undefined
}

/** RFC 9562, 4. */
function printUuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
