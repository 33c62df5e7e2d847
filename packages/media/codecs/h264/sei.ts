import { rbsp } from './nal.ts'

/** What is read of supplemental enhancement information (ITU-T H.264 §7.3.2.3, annex D). */
export interface SeiFacts {
  /** `recovery_frame_cnt` of a recovery point (§D.1.8). */
  recoveryFrames?: number
}

const RECOVERY_POINT = 6
/** SEI bytes looked at: a message behind more than this is not seen. x264's text of settings, which may come first, has about 700. */
const MAX_SEI = 4096

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
    if (type === RECOVERY_POINT) readRecoveryPoint(data.subarray(at, at + size), facts)
    at += size
  }
}

function readRecoveryPoint(payload: Uint8Array, facts: SeiFacts): void {
  // recovery_frame_cnt is ue(v): the one-bit code "1" means 0, all that is told apart here.
  const first = payload[0]
  if (first !== undefined) facts.recoveryFrames = first >= 0x80 ? 0 : 1
}
