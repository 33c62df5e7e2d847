/** A `profile-level-id` (RFC 6184 §8.1): the three bytes behind the first of a sequence parameter set. */
export interface ProfileLevelId {
  readonly profileIdc: number
  /** constraint_set0_flag is the highest bit. */
  readonly constraints: number
  /** Ten times the level; what 1b looks like is not told apart from 1.1. */
  readonly levelIdc: number
}

/** What Chromium, and the RFC, take an H.264 payload type without the parameter for: Baseline, level 1. */
export const DEFAULT_PROFILE: ProfileLevelId = { profileIdc: 0x42, constraints: 0, levelIdc: 10 }

/** Undefined unless it is six hex digits. */
export function parseProfileLevelId(text: string): ProfileLevelId | undefined {
  if (!/^[0-9A-Fa-f]{6}$/.test(text)) return undefined
  const value = Number.parseInt(text, 16)
  return { profileIdc: value >> 16, constraints: (value >> 8) & 0xff, levelIdc: value & 0xff }
}

export function printProfileLevelId({ profileIdc, constraints, levelIdc }: ProfileLevelId): string {
  return (profileIdc * 0x10000 + constraints * 0x100 + levelIdc).toString(16).padStart(6, '0')
}

type Profile = 'constrained-baseline' | 'baseline' | 'main' | 'constrained-high' | 'high' | 'other'

/** RFC 6184 table 5, with the constrained High profile of later editions of H.264 (§A.2.4.2). */
function profileOf({ profileIdc, constraints }: ProfileLevelId): Profile {
  const set0 = (constraints & 0x80) !== 0
  const set1 = (constraints & 0x40) !== 0
  if (profileIdc === 0x42) return set1 ? 'constrained-baseline' : 'baseline'
  if (profileIdc === 0x4d) return set0 ? 'constrained-baseline' : 'main'
  if (profileIdc === 0x58 && set0) return set1 ? 'constrained-baseline' : 'baseline'
  if (profileIdc === 0x64) return (constraints & 0x0c) === 0x0c ? 'constrained-high' : 'high'
  return 'other'
}

/** Profiles whose decoders also take the first one's streams (H.264 §A.2). */
const TAKEN_BY: Readonly<Record<Profile, readonly Profile[]>> = {
  'constrained-baseline': ['baseline', 'main', 'constrained-high', 'high'],
  baseline: [],
  main: ['high'],
  'constrained-high': ['high'],
  high: [],
  other: [],
}

/** How well a receiver's offered profile fits a stream. */
export type ProfileFit =
  /** The same profile. */
  | 'same'
  /** Another one, whose decoders have to take the stream. */
  | 'wider'
  /**
   * Neither. Chromium offers High only where hardware decodes it and decodes it anyway, so a sender may try; receivers that
   * mean what they offer show nothing.
   */
  | 'foreign'

export function profileFit(stream: ProfileLevelId, offered: ProfileLevelId): ProfileFit {
  const from = profileOf(stream)
  const to = profileOf(offered)
  if (from === to && (from !== 'other' || stream.profileIdc === offered.profileIdc)) return 'same'
  return TAKEN_BY[from].includes(to) ? 'wider' : 'foreign'
}
