/**
 * What is read of a session description (RFC 8866) with JSEP's attributes (RFC 8829). Each value has been held against the
 * grammar of its specification, so a description printed from it carries nothing else on; attributes not named here are lost.
 */
export interface SessionDescription {
  /** `o=`: digits each, as text, for the id may need 64 bits. */
  readonly sessionId: string
  readonly sessionVersion: string
  /** Groups of `a=group:BUNDLE` (RFC 9143): mids that share one transport. */
  readonly bundles: readonly (readonly string[])[]
  readonly transport: Transport
  readonly media: readonly MediaSection[]
}

/** ICE and DTLS, of the session or of one section (RFC 8839, RFC 8842). */
export interface Transport {
  readonly iceUfrag?: string
  readonly icePwd?: string
  readonly iceOptions: readonly string[]
  readonly iceLite: boolean
  readonly fingerprints: readonly Fingerprint[]
  readonly setup?: Setup
}

export type Setup = 'active' | 'passive' | 'actpass' | 'holdconn'

export interface Fingerprint {
  /** Hash function in lower case, for example `sha-256`. */
  readonly algorithm: string
  /** Bytes in upper-case hex with colons. */
  readonly value: string
}

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

export interface MediaSection {
  readonly kind: 'audio' | 'video' | 'application'
  /** 0 for a section that is refused, or with `bundleOnly` (RFC 9143 §6). */
  readonly port: number
  readonly protocol: string
  /** Payload types in order of preference, or `webrtc-datachannel`. */
  readonly formats: readonly string[]
  readonly mid?: string
  readonly direction: Direction
  readonly transport: Transport
  readonly rtcpMux: boolean
  readonly rtcpRsize: boolean
  readonly bundleOnly: boolean
  /** `a=rtcp-xr:rcvr-rtt=…` (RFC 3611 §5.1): the peer wants its reference times answered. */
  readonly receiverRtt?: 'all' | 'sender'
  readonly codecs: readonly Codec[]
  readonly extensions: readonly ExtensionMapping[]
  readonly sources: readonly SourceAttribute[]
  readonly sourceGroups: readonly SourceGroup[]
  readonly rids: readonly Rid[]
  readonly simulcast?: Simulcast
  readonly candidates: readonly string[]
  /** `a=sctp-port` and `a=max-message-size` of an application section (RFC 8841). */
  readonly sctpPort?: number
  readonly maxMessageSize?: number
}

/** One payload type with all that is said of it. */
export interface Codec {
  readonly payloadType: number
  /** As offered: names compare without case. */
  readonly name: string
  readonly clockRate: number
  readonly channels?: number
  /** `a=fmtp`, as offered; see `formatParameters`. */
  readonly parameters?: string
  /** `a=rtcp-fb` values such as `nack pli`, those for all payload types (`*`) among them. */
  readonly feedback: readonly string[]
}

/** `a=extmap` (RFC 8285 §5). */
export interface ExtensionMapping {
  readonly id: number
  readonly direction?: Direction
  readonly uri: string
}

/** `a=ssrc` (RFC 5576 §4.1). */
export interface SourceAttribute {
  readonly ssrc: number
  readonly attribute: string
  readonly value?: string
}

/** `a=ssrc-group` (RFC 5576 §4.2), for example `FID` for a stream and its retransmissions. */
export interface SourceGroup {
  readonly semantics: string
  readonly ssrcs: readonly number[]
}

/** `a=rid` (RFC 8851). */
export interface Rid {
  readonly id: string
  readonly direction: 'send' | 'recv'
  /** `pt=…;max-width=…`, as offered. */
  readonly restrictions?: string
}

/** `a=simulcast` (RFC 8853): lists as offered, for example `h;m;~l`. */
export interface Simulcast {
  readonly send?: string
  readonly recv?: string
}
