import { MediaError } from '../../../error.ts'
import type { SrtCrypto } from '../crypto.ts'
import { isKnownCipher, keysFromPeer, type SrtKeys } from '../keys.ts'
import { PASSPHRASE_LEAST, type SrtLimits } from '../limits.ts'
import { CAPABILITY, printVersion } from '../packet/capabilities.ts'
import {
  EXTENSION_FLAG,
  HANDSHAKE,
  type Handshake,
  parseHandshake,
  SRT_MAGIC,
  writeHandshake,
} from '../packet/handshake.ts'
import { timestampOf } from '../packet/header.ts'
import { parseKeyMaterial } from '../packet/key-material.ts'
import { handshakeTypeOf, REJECTION, type Rejection, type SrtRefusal } from '../rejection.ts'
import { createCookies } from './cookie.ts'
import { type ConclusionExtensions, readExtensions } from './extensions.ts'

export interface SrtListenerOptions {
  readonly crypto: SrtCrypto
  readonly limits: SrtLimits
  /** Random bytes of this process, for the cookies. */
  readonly secret: Uint8Array
  /** All callers must have it; without one, none may. */
  readonly passphrase?: string
  /** Asked for a caller that has shown its address, before anything costly is done for it; false: not now. */
  readonly admit?: (source: string) => boolean
}

/** A caller that has shown its address and may be let in. */
export interface SrtCallerRequest {
  /** Address and port. */
  readonly source: string
  /** As sent, decoded. It holds a secret. */
  readonly streamId: string
  readonly handshake: Handshake
  readonly extensions: ConclusionExtensions
  readonly keys: SrtKeys | undefined
  /** When the caller's clock showed 0, ms. */
  readonly peerStart: number
}

export type SrtListenerStep =
  /** An induction: nothing is kept of it. */
  | { readonly kind: 'answer'; readonly packet: Uint8Array }
  | { readonly kind: 'caller'; readonly request: SrtCallerRequest }
  | { readonly kind: 'refused'; readonly packet: Uint8Array; readonly refusal: SrtRefusal; readonly streamId: string }
  /** Neither of this protocol nor of an address that was shown: nothing is owed to it. */
  | { readonly kind: 'ignored' }

/** The stateless side of a listener's handshake (§4.3.1): it keeps nothing of any caller. */
export interface SrtListener {
  /** @param packet for socket 0. @param source address and port. @param now ms */
  receive(packet: Uint8Array, source: string, now: number): SrtListenerStep
  /** The answer to a caller that is not let in. */
  refuse(request: SrtCallerRequest, rejection: Rejection): Uint8Array
}

export function createSrtListener(options: SrtListenerOptions): SrtListener {
  const { crypto, limits, secret, passphrase } = options
  const cookies = createCookies(crypto, secret, limits.cookieMs)

  function refusal(handshake: Handshake, rejection: Rejection): Uint8Array {
    return writeHandshake(
      { timestamp: 0, destination: handshake.socketId },
      { ...handshake, version: 5, type: handshakeTypeOf(rejection), extensionField: 0, encryption: 0, extensions: [] },
    )
  }

  function induction(handshake: Handshake, source: string, now: number): SrtListenerStep {
    const packet = writeHandshake(
      { timestamp: 0, destination: handshake.socketId },
      {
        ...handshake,
        ...{ version: 5, encryption: 0, extensionField: SRT_MAGIC, cookie: cookies.make(source, now), extensions: [] },
      },
    )
    return { kind: 'answer', packet }
  }

  function conclusion(packet: Uint8Array, handshake: Handshake, source: string, now: number): SrtListenerStep {
    const refuse = (refused: SrtRefusal, streamId = ''): SrtListenerStep => ({
      kind: 'refused',
      packet: refusal(handshake, refused.rejection),
      refusal: refused,
      streamId,
    })
    if (handshake.version < 5) {
      const text = 'The encoder speaks the handshake of SRT before 1.3 (version 4): update it, or its SRT library.'
      return refuse({ rejection: REJECTION.version, text })
    }
    let extensions: ConclusionExtensions
    try {
      extensions = readExtensions(handshake.extensions, limits)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      const text =
        error.code === 'too-large'
          ? `The stream id has more than ${limits.streamIdBytes} bytes, which is the most that SRT allows: give the encoder a shorter one, publish:KEY.`
          : `The handshake cannot be read (${error.message}).`
      return refuse({ rejection: REJECTION.rogue, text })
    }
    const { streamId } = extensions
    const wrong = unsupported(extensions)
    if (wrong !== undefined) return refuse(wrong, streamId)
    const keys = keysOf(extensions.keys)
    if (keys !== undefined && 'rejection' in keys) return refuse(keys, streamId)
    const peerStart = now - timestampOf(packet) / 1000
    return { kind: 'caller', request: { source, streamId, handshake, extensions, keys, peerStart } }
  }

  /** Keys of a caller, why it is refused, or nothing where neither side wants any. */
  function keysOf(bytes: Uint8Array | undefined): SrtKeys | SrtRefusal | undefined {
    if (bytes === undefined) {
      if (passphrase === undefined) return undefined
      const text = 'This server takes encrypted streams only: set the passphrase of its setting --srt-passphrase.'
      return { rejection: REJECTION.unsecure, text }
    }
    if (passphrase === undefined) {
      const text = 'The encoder has a passphrase and this server has none: leave it out, or set --srt-passphrase.'
      return { rejection: REJECTION.unsecure, text }
    }
    try {
      if (!isKnownCipher(parseKeyMaterial(bytes))) {
        return { rejection: REJECTION.crypto, text: 'The encoder encrypts with AES-GCM: set it to AES-CTR.' }
      }
      const keys = keysFromPeer(crypto, passphrase, bytes)
      if (keys !== undefined) return keys
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      return { rejection: REJECTION.rogue, text: `The key material cannot be read (${error.message}).` }
    }
    const text = `The passphrase is another than this server's --srt-passphrase: copy it (${PASSPHRASE_LEAST} to ${limits.passphraseBytes} characters).`
    return { rejection: REJECTION.badSecret, text }
  }

  return {
    receive(packet, source, now) {
      let handshake: Handshake
      try {
        handshake = parseHandshake(packet, limits.extensions)
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        return { kind: 'ignored' }
      }
      if (handshake.type === HANDSHAKE.induction) return induction(handshake, source, now)
      if (handshake.type !== HANDSHAKE.conclusion) return { kind: 'ignored' }
      if (!cookies.check(source, handshake.cookie, now)) return { kind: 'ignored' }
      if (options.admit?.(source) === false) return { kind: 'ignored' }
      return conclusion(packet, handshake, source, now)
    },
    refuse: ({ handshake }, rejection) => refusal(handshake, rejection),
  }
}

/** Why a caller cannot be served whoever it is. */
function unsupported({ capabilities, congestion, filter, isGrouped }: ConclusionExtensions): SrtRefusal | undefined {
  const version = printVersion(capabilities.version)
  if ((capabilities.flags & CAPABILITY.stream) !== 0) {
    return {
      rejection: REJECTION.messageApi,
      text: `The caller (SRT ${version}) is in stream mode: set it to live mode (transtype=live).`,
    }
  }
  if (congestion !== 'live') {
    return {
      rejection: REJECTION.congestion,
      text: 'The caller is in file mode: set it to live mode (transtype=live).',
    }
  }
  if (filter !== '') {
    return {
      rejection: REJECTION.filter,
      text: 'The encoder wants forward error correction, which is not spoken here: leave its packetfilter out.',
    }
  }
  if (!isGrouped) return undefined
  return { rejection: REJECTION.group, text: 'Bonding is not spoken here: let the encoder use one connection.' }
}

/** Flags of {@link EXTENSION_FLAG} that a conclusion with these extensions has. */
export function extensionField(has: { readonly keys: boolean; readonly configuration: boolean }): number {
  return (
    EXTENSION_FLAG.handshake |
    (has.keys ? EXTENSION_FLAG.keyMaterial : 0) |
    (has.configuration ? EXTENSION_FLAG.configuration : 0)
  )
}
