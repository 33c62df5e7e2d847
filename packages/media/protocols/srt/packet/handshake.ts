import { MediaError } from '../../../error.ts'
import { CONTROL, type ControlHeader, HEADER_BYTES, readU16, readU32, writeControlPacket, writeU32 } from './header.ts'

/** Handshake types (§3.2.1, table 4); from 1000 on the type is the reason of a refusal (`rejection.ts`). */
export const HANDSHAKE = {
  done: 0xfffffffd,
  agreement: 0xfffffffe,
  conclusion: 0xffffffff,
  waveHand: 0,
  induction: 1,
} as const

/** What a listener puts into the extension field of its induction: it speaks version 5 (§4.3.1.1). */
export const SRT_MAGIC = 0x4a17
/** Which extensions a conclusion has (table 3). */
export const EXTENSION_FLAG = { handshake: 1, keyMaterial: 2, configuration: 4 } as const

/** An extension block, its contents not yet read; whole words. */
export interface HandshakeExtension {
  readonly type: number
  readonly contents: Uint8Array
}

/**
 * Handshake (§3.2.1).
 *
 *     |                            Version                            |
 *     |        Encryption Field       |        Extension Field        |
 *     |                 Initial Packet Sequence Number                |
 *     |                 Maximum Transmission Unit Size                |
 *     |                    Maximum Flow Window Size                   |
 *     |                         Handshake Type                        |
 *     |                         SRT Socket ID                         |
 *     |                           SYN Cookie                          |
 *     |                        Peer IP Address                        |  4 words
 *     |         Extension Type        |        Extension Length       |  in words, then the contents
 */
export interface Handshake {
  /** 4 in a caller's induction, 5 otherwise. */
  readonly version: number
  /** Key length in eighths: 2, 3 or 4; 0 where none is named. */
  readonly encryption: number
  readonly extensionField: number
  readonly initialSequence: number
  readonly mtu: number
  readonly flowWindow: number
  readonly type: number
  readonly socketId: number
  readonly cookie: number
  readonly extensions: readonly HandshakeExtension[]
}

const BODY_BYTES = 48

/** Extensions stand in a conclusion of version 5 only. @throws MediaError `truncated`, `malformed`, `too-large` */
export function parseHandshake(packet: Uint8Array, most: number): Handshake {
  if (packet.byteLength < HEADER_BYTES + BODY_BYTES) throw new MediaError('truncated', 'srt: handshake is cut off')
  const word = (index: number) => readU32(packet, HEADER_BYTES + 4 * index)
  const version = word(0)
  const type = word(5)
  return {
    version,
    encryption: readU16(packet, HEADER_BYTES + 4),
    extensionField: readU16(packet, HEADER_BYTES + 6),
    initialSequence: word(2) & 0x7fffffff,
    mtu: word(3),
    flowWindow: word(4),
    type,
    socketId: word(6),
    cookie: word(7),
    extensions: version >= 5 && type === HANDSHAKE.conclusion ? parseExtensions(packet, most) : [],
  }
}

function parseExtensions(packet: Uint8Array, most: number): HandshakeExtension[] {
  const found: HandshakeExtension[] = []
  let at = HEADER_BYTES + BODY_BYTES
  while (at < packet.byteLength) {
    if (at + 4 > packet.byteLength) throw new MediaError('truncated', 'srt: handshake extension is cut off')
    if (found.length === most) throw new MediaError('too-large', 'srt: handshake with too many extensions')
    const end = at + 4 + 4 * readU16(packet, at + 2)
    if (end > packet.byteLength) throw new MediaError('truncated', 'srt: handshake extension is cut off')
    found.push({ type: readU16(packet, at), contents: packet.subarray(at + 4, end) })
    at = end
  }
  return found
}

/** The peer's own address is left at zero: nobody reads it, and behind NAT it is another. */
export function writeHandshake(to: Pick<ControlHeader, 'timestamp' | 'destination'>, handshake: Handshake): Uint8Array {
  const { extensions } = handshake
  const bytes = extensions.reduce((sum, { contents }) => sum + 4 + contents.byteLength, BODY_BYTES)
  const packet = writeControlPacket({ ...to, type: CONTROL.handshake, subtype: 0, information: 0 }, bytes)
  const words = [
    handshake.version,
    handshake.encryption * 0x10000 + handshake.extensionField,
    handshake.initialSequence,
    handshake.mtu,
    handshake.flowWindow,
    handshake.type,
    handshake.socketId,
    handshake.cookie,
  ]
  for (const [index, value] of words.entries()) writeU32(packet, HEADER_BYTES + 4 * index, value)
  let at = HEADER_BYTES + BODY_BYTES
  for (const { type, contents } of extensions) {
    writeU32(packet, at, type * 0x10000 + contents.byteLength / 4)
    packet.set(contents, at + 4)
    at += 4 + contents.byteLength
  }
  return packet
}

/** Who sends a handshake, without reading all of it: 0 where it is too short. Repetitions are known by it. */
export function handshakeSocketOf(packet: Uint8Array): number {
  return packet.byteLength < HEADER_BYTES + BODY_BYTES ? 0 : readU32(packet, HEADER_BYTES + 24)
}
