/**
 * What values may look like, each anchored at both ends and without nested repetition. Stricter than the RFCs where real
 * descriptions are: a value that passes here reaches a native library.
 */
export const GRAMMAR = {
  /** RFC 8866 §9 `token`, of a sane length. */
  token: /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}$/,
  /** RFC 8839 §5.4: `ice-char`. */
  iceUfrag: /^[A-Za-z0-9+/]{4,256}$/,
  icePwd: /^[A-Za-z0-9+/]{22,256}$/,
  iceOption: /^[A-Za-z0-9+/-]{1,32}$/,
  fingerprint: /^([A-Za-z0-9-]{1,16}) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})$/,
  setup: /^(active|passive|actpass|holdconn)$/,
  digits: /^[0-9]{1,20}$/,
  media: /^(audio|video|application) ([0-9]{1,5}) ([A-Za-z/]{1,32}) ([0-9A-Za-z -]{1,512})$/,
  rtpmap: /^([0-9]{1,3}) ([A-Za-z0-9._-]{1,32})\/([0-9]{1,6})(?:\/([0-9]{1,2}))?$/,
  /** Payload type, then printable ASCII. */
  fmtp: /^([0-9]{1,3}) ([!-~](?:[ -~]{0,510}[!-~])?)$/,
  rtcpFb: /^([0-9]{1,3}|\*) ([A-Za-z0-9-]{1,32}(?: [A-Za-z0-9-]{1,32}){0,3})$/,
  /** Extension attributes behind the address are dropped. */
  extmap: /^([0-9]{1,4})(?:\/(sendrecv|sendonly|recvonly|inactive))? ([!-~]{1,255})(?: [ -~]*)?$/,
  ssrc: /^([0-9]{1,10}) ([A-Za-z0-9_-]{1,32})(?::([ -~]{1,255}))?$/,
  ssrcGroup: /^([A-Za-z0-9-]{1,32})((?: [0-9]{1,10}){1,16})$/,
  rid: /^([A-Za-z0-9_-]{1,32}) (send|recv)(?: ([!-~]{1,255}))?$/,
  simulcast: /^(send|recv) ([~,;A-Za-z0-9_-]{1,255})(?: (send|recv) ([~,;A-Za-z0-9_-]{1,255}))?$/,
  /** RFC 8839 §5.1; host names for mDNS (draft-ietf-mmusic-mdns-ice-candidates). */
  candidate:
    /^[A-Za-z0-9+/]{1,32} [0-9]{1,3} (?:udp|UDP|tcp|TCP) [0-9]{1,10} [0-9A-Za-z.:-]{1,255} [0-9]{1,5} typ (?:host|srflx|prflx|relay)(?: [0-9A-Za-z.:+/-]{1,255}){0,20}$/,
  receiverRtt: /(?:^| )rcvr-rtt=(all|sender)(?:$|[: ])/,
} as const

/** Bytes of the hash functions of RFC 8122 §5 that are not broken beyond use, and sha-1. */
export const FINGERPRINT_BYTES: Readonly<Record<string, number>> = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
}
