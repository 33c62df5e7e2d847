import { test } from 'node:test'
import { killAgainAndAgain } from '../support/kills.ts'

const skip = process.env['BANDSTAND_LONG'] === '1' ? false : 'takes 10 minutes: npm run test:long'

test(
  'killed 200 times while publishing: nothing changes, nothing falls, at most the newest part is lost',
  { skip },
  (t) => killAgainAndAgain(t, { kills: 200, least: 200, most: 3_000 }),
)
