import type { BitReader } from '../../bytes/bit-reader.ts'

/** General part of profile_tier_level (ITU-T H.265 §7.3.3). */
export interface HevcProfile {
  readonly space: number
  readonly tier: number
  readonly idc: number
  /** `general_profile_compatibility_flag`, the one of profile 0 in the highest bit. */
  readonly compatibility: number
  /** The six bytes of flags behind those. */
  readonly constraints: readonly number[]
  readonly levelIdc: number
}

/** Reads profile_tier_level( 1, maxSubLayersMinus1 ). */
export function parseProfileTierLevel(bits: BitReader, maxSubLayersMinus1: number): HevcProfile {
  const space = bits.u(2)
  const tier = bits.u(1)
  const idc = bits.u(5)
  const compatibility = bits.u(32)
  const constraints = Array.from({ length: 6 }, () => bits.u(8))
  const levelIdc = bits.u(8)
  const present: [profile: boolean, level: boolean][] = []
  for (let i = 0; i < maxSubLayersMinus1; i++) present.push([bits.flag(), bits.flag()])
  if (maxSubLayersMinus1 > 0) bits.skip(2 * (8 - maxSubLayersMinus1))
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0))
  return { space, tier, idc, compatibility, constraints, levelIdc }
}

/**
 * RFC 6381 parameters (ISO/IEC 14496-15 §E.3), for example `1.6.L93.B0`: profile, compatibility flags with their bits reversed, tier
 * and level, constraint bytes without the last zeros.
 */
export function hevcCodecParameters(profile: HevcProfile): string {
  let flags = profile.compatibility
  let reversed = 0
  for (let i = 0; i < 32; i++) {
    reversed = reversed * 2 + (flags & 1)
    flags >>>= 1
  }
  const kept = [...profile.constraints]
  while (kept.at(-1) === 0) kept.pop()
  const space = ['', 'A', 'B', 'C'][profile.space] ?? ''
  const hex = (value: number) => value.toString(16).toUpperCase()
  const head = `${space}${profile.idc}.${hex(reversed)}.${profile.tier === 1 ? 'H' : 'L'}${profile.levelIdc}`
  return [head, ...kept.map(hex)].join('.')
}
