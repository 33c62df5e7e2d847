import { createHmac } from 'node:crypto'

const PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt'

/** A check for `ufrag`, of a controlling viewer, signed with the password of RFC 5769 §2.1; without a fingerprint. */
export function checkOf(ufrag: string, tieBreaker: number): Buffer {
  const name = Buffer.from(`${ufrag}:h6vY`)
  const body = Buffer.concat([
    Buffer.from([0x80, 0x2a, 0, 8, 0, 0, 0, 0, 0, 0, 0, tieBreaker]),
    Buffer.from([0x00, 0x06, 0, name.byteLength]),
    name,
    Buffer.alloc((4 - (name.byteLength % 4)) % 4),
  ])
  const header = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex')
  header.writeUInt16BE(body.byteLength + 24, 2)
  const covered = Buffer.concat([header, body])
  return Buffer.concat([covered, Buffer.from([0x00, 0x08, 0, 20]), signatureOf(covered)])
}

export function isSigned(check: Buffer): boolean {
  return signatureOf(check.subarray(0, -24)).equals(check.subarray(-20))
}

/** Of a check of `checkOf`. */
export function tieBreakerOf(check: Buffer): number {
  return Number(check.readBigUInt64BE(24))
}

function signatureOf(covered: Buffer): Buffer {
  return createHmac('sha1', PASSWORD).update(covered).digest()
}
