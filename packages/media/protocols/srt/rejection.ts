/**
 * Why a caller is refused (§4.3, and libsrt's SRT_REJECT_REASON). In the handshake it stands as `1000 + reason`; reasons of an
 * application begin with 1000 themselves, those of access control (libsrt's SRT_REJX) are HTTP's status codes and 1000.
 */
export const REJECTION = {
  unknown: 0,
  system: 1,
  peer: 2,
  resource: 3,
  rogue: 4,
  backlog: 5,
  close: 7,
  version: 8,
  badSecret: 10,
  unsecure: 11,
  messageApi: 12,
  congestion: 13,
  filter: 14,
  group: 15,
  timeout: 16,
  crypto: 17,
  badRequest: 1400,
  unauthorized: 1401,
  overload: 1402,
  forbidden: 1403,
  notFound: 1404,
  badMode: 1405,
  conflict: 1409,
  internal: 1500,
  down: 1503,
} as const

export type Rejection = (typeof REJECTION)[keyof typeof REJECTION]

/** A refusal of a caller: the code that it is told, and for the log what to change. */
export interface SrtRefusal {
  readonly rejection: Rejection
  readonly text: string
}

const FIRST = 1000

/** Reason as a handshake type. */
export function handshakeTypeOf(rejection: Rejection): number {
  return FIRST + rejection
}

/** Reason of a handshake type; `undefined` where that is none. libsrt's own go up to 17, an application's are its choice. */
export function rejectionOf(handshakeType: number): number | undefined {
  return handshakeType >= FIRST && handshakeType < 0x80000000 ? handshakeType - FIRST : undefined
}
