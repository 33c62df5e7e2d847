import { rbsp } from './nal.ts'

/** What is read of supplemental enhancement information (ITU-T H.264 §7.3.2.3, annex D). */
export interface SeiFacts {
  /** `recovery_frame_cnt` of a recovery point (§D.1.8). */
  recoveryFrames?: number
  /** Text of x264's `user_data_unregistered`: version and settings. */
  encoderSettings?: string
}

const USER_DATA_UNREGISTERED = 5
const RECOVERY_POINT = 6
/** SEI bytes looked at; x264's text is about 700 bytes, a message behind more than this is not seen. */
const MAX_SEI = 4096

/** x264's identifier, from its `encoder/set.c`. */
const X264_UUID = [0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef]

/** Adds to `facts` what an SEI NAL unit says. Never throws: SEI that cannot be read is as good as absent. */
export function readSei(nal: Uint8Array, facts: SeiFacts): void {
  const data = rbsp(nal, MAX_SEI)
  let at = 0
  // The last byte is rbsp_trailing_bits.
  while (at + 2 < data.byteLength) {
    let type = 0
    while (data[at] === 0xff) {
      type += 255
      at++
    }
    type += data[at++] ?? 0
    let size = 0
    while (data[at] === 0xff) {
      size += 255
      at++
    }
    size += data[at++] ?? 0
    const payload = data.subarray(at, at + size)
    if (type === RECOVERY_POINT) readRecoveryPoint(payload, facts)
    else if (type === USER_DATA_UNREGISTERED) readUserData(payload, facts)
    at += size
  }
}

function readRecoveryPoint(payload: Uint8Array, facts: SeiFacts): void {
  // recovery_frame_cnt is ue(v): the one-bit code "1" means 0, all that is told apart here.
  const first = payload[0]
  if (first !== undefined) facts.recoveryFrames = first >= 0x80 ? 0 : 1
}

function readUserData(payload: Uint8Array, facts: SeiFacts): void {
  if (payload.byteLength < 17 || X264_UUID.some((byte, i) => payload[i] !== byte)) return
  let text = ''
  for (const byte of payload.subarray(16)) {
    if (byte === 0) break
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?'
  }
  facts.encoderSettings = text
}
