import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { REFUSAL_WINDOW, REFUSALS_MAX } from './limits.ts'
import { createRefusalLog } from './refusals.ts'
import { createStrangerLog } from './stranger-log.ts'

function stage(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: string[] = []
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${(fields as { remote: string }).remote} ${message}`)
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const taken = () => lines.splice(0)
  return { refusals: createRefusalLog(log), taken, pass: (ms: number) => t.mock.timers.tick(ms) }
}

test('the first refusal is a line at once, equal ones are one line a minute, then it is quiet', (t) => {
  const { refusals, taken, pass } = stage(t)
  refusals.refused('warn', { remote: '192.0.2.1' }, 'too many')
  assert.deepEqual(taken(), ['warn 192.0.2.1 too many'])
  for (let i = 0; i < 312; i++) refusals.refused('warn', { remote: '192.0.2.1' }, 'too many')
  pass(REFUSAL_WINDOW - 1)
  assert.deepEqual(taken(), [])
  pass(1)
  assert.deepEqual(taken(), ['warn 192.0.2.1 too many … and 312 more in 60 s'])
  refusals.refused('warn', { remote: '192.0.2.1' }, 'too many')
  pass(REFUSAL_WINDOW)
  assert.deepEqual(taken(), ['warn 192.0.2.1 too many … and 1 more in 60 s'])
  pass(REFUSAL_WINDOW)
  assert.deepEqual(taken(), [])
  refusals.refused('warn', { remote: '192.0.2.1' }, 'too many')
  assert.deepEqual(taken(), ['warn 192.0.2.1 too many'])
})

test('another address, message or kind is another first refusal; one IPv6 network is one address', (t) => {
  const { refusals, taken } = stage(t)
  refusals.refused('info', { remote: '192.0.2.1' }, 'refused', 'wrong key')
  refusals.refused('info', { remote: '192.0.2.2' }, 'refused', 'wrong key')
  refusals.refused('info', { remote: '192.0.2.1' }, 'refused', 'in use')
  refusals.refused('info', { remote: '192.0.2.1' }, 'closed', 'wrong key')
  refusals.refused('info', { remote: '2001:db8::1' }, 'refused')
  refusals.refused('info', { remote: '2001:db8::2' }, 'refused')
  assert.equal(taken().length, 5)
})

test('a flood from more addresses than are kept apart is counted together, in bounded memory and lines', (t) => {
  const { refusals, taken, pass } = stage(t)
  for (let i = 0; i < 10 * REFUSALS_MAX; i++)
    refusals.refused('warn', { remote: `198.51.${i >> 8}.${i & 255}` }, 'too many')
  assert.equal(taken().length, REFUSALS_MAX + 1)
  pass(REFUSAL_WINDOW)
  assert.deepEqual(taken(), [`warn many addresses too many … and ${9 * REFUSALS_MAX - 1} more in 60 s`])
})

test('hours of what is refused for ever other reasons, from ever other addresses, are a bounded number of lines a minute', (t) => {
  const { refusals, taken, pass } = stage(t)
  for (let minute = 0; minute < 180; minute++) {
    for (let i = 0; i < 1000; i++) {
      const remote = `10.${minute}.${i >> 8}.${i & 255}`
      refusals.refused('info', { remote, text: `version ${i}` }, 'closed', 'handshake')
      refusals.refused('info', { remote, text: `version ${i}` }, 'closed', 'handshake')
    }
    pass(60_000)
    assert.ok(taken().length <= 2 * REFUSALS_MAX + 2, `minute ${minute}`)
  }
})

test('what is counted is said with the newest of it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const texts: unknown[] = []
  const line = (fields: object) => void texts.push((fields as { text: string }).text)
  const refusals = createRefusalLog({ debug: line, info: line, warn: line, error: line })
  for (const text of ['version 1', 'version 2', 'version 3'])
    refusals.refused('info', { remote: '192.0.2.1', text }, 'closed', 'handshake')
  refusals.close()
  assert.deepEqual(texts, ['version 1', 'version 3'])
})

test('lines that strangers cause are told apart by their code and route alone', (t) => {
  const { refusals, taken } = stage(t)
  const log = createStrangerLog(refusals)
  for (let i = 0; i < 100; i++) {
    log.error({ remote: '192.0.2.1', code: 'internal', route: 'GET /a', path: `/a/${i}` }, 'failed')
    log.error({ remote: '192.0.2.1', code: 'internal', route: 'GET /b', path: `/b/${i}` }, 'failed')
    log.warn({ remote: '192.0.2.1', code: 'busy', route: 'GET /b' }, 'failed')
    log.error({ err: new Error(`${i}`) }, 'thrown')
  }
  assert.equal(taken().length, 4)
})

test('closing says what was counted', (t) => {
  const { refusals, taken, pass } = stage(t)
  for (let i = 0; i < 3; i++) refusals.refused('warn', { remote: '192.0.2.1' }, 'too many')
  refusals.close()
  assert.deepEqual(taken(), ['warn 192.0.2.1 too many', 'warn 192.0.2.1 too many … and 2 more in 60 s'])
  pass(REFUSAL_WINDOW)
  assert.deepEqual(taken(), [])
})

test('errors are told apart while more strangers than are kept apart are refused', (t) => {
  const { refusals, taken } = stage(t)
  const log = createStrangerLog(refusals)
  for (let i = 0; i < 2 * REFUSALS_MAX; i++) log.warn({ remote: `198.51.${i >> 8}.${i & 255}` }, 'failed')
  taken()
  log.error({ code: 'internal', route: 'GET /a' }, 'failed')
  log.error({ code: 'internal', route: 'GET /b' }, 'failed')
  assert.equal(taken().length, 2)
})

test('of too many addresses nothing is counted with lines of another level', (t) => {
  const { refusals, taken } = stage(t)
  for (let i = 0; i < 2 * REFUSALS_MAX; i++)
    refusals.refused('info', { remote: `198.51.${i >> 8}.${i & 255}` }, 'closed', 'handshake')
  taken()
  refusals.refused('warn', { remote: '192.0.2.1' }, 'closed', 'handshake')
  refusals.refused('warn', { remote: '198.51.0.1' }, 'closed', 'handshake')
  assert.deepEqual(taken(), ['warn 192.0.2.1 closed'])
  refusals.close()
  assert.deepEqual(taken().sort(), [
    'info many addresses closed … and 99 more in 60 s',
    'warn many addresses closed … and 1 more in 60 s',
  ])
})

test('a count of many addresses has what else is known of the newest; where there is no address none is said', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: object[] = []
  const line = (fields: object) => void lines.push(fields)
  const refusals = createRefusalLog({ debug: line, info: line, warn: line, error: line })
  const log = createStrangerLog(refusals)
  for (let i = 0; i <= REFUSALS_MAX + 1; i++) {
    log.warn({ remote: `192.0.2.${i}`, code: 'busy' }, 'refused')
    log.error({ code: 'internal', route: `GET /${i}` }, 'failed')
  }
  lines.length = 0
  refusals.close()
  assert.deepEqual(lines, [
    { code: 'internal', route: `GET /${REFUSALS_MAX + 1}` },
    { remote: 'many addresses', code: 'busy' },
  ])
})
