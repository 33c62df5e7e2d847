import type { Rule } from '../rule.ts'
import { byteRules } from './bytes.ts'
import { changeRules } from './changes.ts'
import { constantRules } from './constants.ts'
import { declaredRules } from './declared.ts'
import { deliveryRules } from './delivery.ts'
import { lowLatencyRules } from './low-latency.ts'
import { multivariantRules } from './multivariant.ts'
import { renditionRules } from './renditions.ts'
import { textRules } from './text.ts'

/** Every rule of the check, in the order of the report. */
export const allRules: readonly Rule[] = [
  ...deliveryRules,
  ...textRules,
  ...multivariantRules,
  ...constantRules,
  ...renditionRules,
  ...changeRules,
  ...lowLatencyRules,
  ...byteRules,
  ...declaredRules,
]
