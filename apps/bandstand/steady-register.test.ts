import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlatformError } from '@bandstand/platform/error.ts'
import { createSteadyRegister } from './steady-register.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const away = () => new PlatformError('unavailable', 'away')
const open = async () => []
const begun = { assetId: 'as_1', channelId: 'ch_1', startedAt: 1 }
const over = { assetId: 'as_1', endedAt: 2, duration: 1, bytes: 1 }

for (const code of ['unavailable', 'disk-full', 'disk', 'limit'] as const)
  test(`what begins and ends while the database cannot write (${code}) is noted when it can, in that order`, async () => {
    const notes: string[] = []
    let failures = 3
    const note = (what: string) => async () => {
      if (failures-- > 0) throw new PlatformError(code, 'not now')
      notes.push(what)
    }
    const register = createSteadyRegister({ started: note('started'), ended: note('ended'), open }, silent, 1)
    await Promise.all([register.started(begun), register.ended(over)])
    assert.deepEqual(notes, ['started', 'ended'])
  })

test('any other failure is told at once and holds up nothing', async () => {
  const register = createSteadyRegister(
    { started: async () => Promise.reject(new PlatformError('constraint', 'no')), ended: async () => {}, open },
    silent,
    1,
  )
  await assert.rejects(register.started(begun), { code: 'constraint' })
  await register.ended(over)
})

test('a server that stops waits for no database', async () => {
  const register = createSteadyRegister(
    { started: () => Promise.reject(away()), ended: () => Promise.reject(away()), open },
    silent,
    60_000,
  )
  const waiting = register.started(begun)
  setImmediate(() => register.giveUp())
  await assert.rejects(waiting, { code: 'unavailable' })
  await assert.rejects(register.ended(over), { code: 'unavailable' })
})

test('notes that wait are bounded', async () => {
  const register = createSteadyRegister(
    { started: () => Promise.reject(away()), ended: async () => {}, open },
    silent,
    60_000,
  )
  const waiting = Array.from({ length: 1_000 }, () => register.started(begun).catch(({ code }) => code))
  await assert.rejects(register.started(begun), { code: 'limit' })
  register.giveUp()
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['unavailable']))
})
