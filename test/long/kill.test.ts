import { test } from 'node:test'
import { killAgainAndAgain } from '../support/kills.ts'
import { longOnly } from '../support/long.ts'

test(
  'killed 200 times while publishing: nothing changes, nothing falls, at most the newest part is lost',
  longOnly,
  (t) => killAgainAndAgain(t, { kills: 200, least: 200, most: 3_000 }),
)
