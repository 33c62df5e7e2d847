import { MediaError } from '../../error.ts'
import { FINGERPRINT_BYTES, GRAMMAR } from './grammar.ts'
import { SDP_LIMITS } from './limits.ts'
import type { Fingerprint, Setup, Transport } from './model.ts'

/** A transport in the making. */
export type TransportDraft = {
  -readonly [Key in keyof Transport]: Transport[Key] extends readonly (infer Item)[] ? Item[] : Transport[Key]
}

export function createTransport(): TransportDraft {
  return { iceOptions: [], iceLite: false, fingerprints: [] }
}

/** Takes one attribute in. False when its value is against the grammar, undefined when it is none of a transport. Throws `too-large`. */
export function readTransportAttribute(draft: TransportDraft, name: string, value: string): boolean | undefined {
  switch (name) {
    case 'ice-ufrag':
      draft.iceUfrag = value
      return GRAMMAR.iceUfrag.test(value)
    case 'ice-pwd':
      draft.icePwd = value
      return GRAMMAR.icePwd.test(value)
    case 'ice-options':
      // By spaces (RFC 8839 §5.6); libdatachannel, which is in OBS too, puts commas.
      draft.iceOptions = value.split(/[ ,]/)
      return draft.iceOptions.every((option) => GRAMMAR.iceOption.test(option))
    case 'ice-lite':
      draft.iceLite = true
      return value === ''
    case 'setup':
      draft.setup = value as Setup
      return GRAMMAR.setup.test(value)
    case 'fingerprint': {
      const fingerprint = readFingerprint(value)
      if (fingerprint) draft.fingerprints.push(fingerprint)
      if (draft.fingerprints.length > SDP_LIMITS.fingerprints) {
        throw new MediaError('too-large', `sdp: more than ${SDP_LIMITS.fingerprints} fingerprints`)
      }
      return fingerprint !== undefined
    }
    default:
      return undefined
  }
}

function readFingerprint(text: string): Fingerprint | undefined {
  const [, name = '', hex = ''] = GRAMMAR.fingerprint.exec(text) ?? []
  const algorithm = name.toLowerCase()
  const bytes = Object.hasOwn(FINGERPRINT_BYTES, algorithm) ? FINGERPRINT_BYTES[algorithm] : undefined
  if (bytes === undefined || hex.length !== bytes * 3 - 1) return undefined
  return { algorithm, value: hex.toUpperCase() }
}

/** What a section leaves unsaid holds from the session (RFC 8839 §5.4, RFC 8122 §5, RFC 8842 §5.1). */
export function inheritTransport(own: Transport, session: Transport): Transport {
  return {
    ...session,
    ...own,
    iceOptions: own.iceOptions.length > 0 ? own.iceOptions : session.iceOptions,
    iceLite: session.iceLite,
    fingerprints: own.fingerprints.length > 0 ? own.fingerprints : session.fingerprints,
  }
}
