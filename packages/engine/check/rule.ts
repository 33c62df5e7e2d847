import { limits } from './limits.ts'
import type { Observation } from './observation.ts'

/**
 * An error breaks a MUST of the source, or stops the players that the source names; a warning goes against a SHOULD or a
 * recommendation.
 */
export type Level = 'error' | 'warning'

/** One rule: what it demands, where that stands, and how to see it broken. */
export interface Rule {
  readonly id: string
  readonly level: Level
  /** Document and section. */
  readonly source: string
  /** The demand as one sentence. */
  readonly title: string
  /** Reports each breach; the same message twice counts once. */
  check(observation: Observation, report: (message: string) => void): void
}

/** A rule that was broken. */
export interface Finding {
  readonly rule: string
  readonly level: Level
  readonly source: string
  readonly title: string
  /** The first breaches. */
  readonly messages: readonly string[]
  /** How many different breaches there were. */
  readonly count: number
}

/** Sections of draft-pantos-hls-rfc8216bis-20. */
export function bis(section: string): string {
  return `RFC 8216bis ${section}`
}

/** Items of Apple's “HLS authoring specification for Apple devices”. */
export function apple(item: string): string {
  return `Apple HLS authoring ${item}`
}

/** Applies every rule; findings come in the order of the rules. */
export function applyRules(rules: readonly Rule[], observation: Observation): Finding[] {
  const findings: Finding[] = []
  for (const rule of rules) {
    const seen = new Set<string>()
    rule.check(observation, (message) => seen.add(message))
    if (seen.size === 0) continue
    const { id, level, source, title } = rule
    const messages = [...seen].slice(0, limits.findingsPerRule)
    findings.push({ rule: id, level, source, title, messages, count: seen.size })
  }
  return findings
}
