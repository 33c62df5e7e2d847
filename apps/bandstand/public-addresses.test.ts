import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createPublicAddresses, type NameResolver } from './public-addresses.ts'

type Answer = readonly string[] | 'ENODATA' | 'ETIMEOUT'

/** DNS as it stands, and looks at it as time goes by. */
function stage(entries: readonly string[], dns: Record<'resolve4' | 'resolve6', Answer>) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const said: string[] = []
  const log = (level: string) => (_: object, message: string) => void said.push(`${level}: ${message}`)
  let asked = 0
  const ask = (kind: keyof typeof dns) => async () => {
    asked++
    const answer = dns[kind]
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
    return [...answer]
  }
  const resolver = { resolve4: ask('resolve4'), resolve6: ask('resolve6'), cancel() {} }
  const addresses = createPublicAddresses(
    entries,
    { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    resolver as unknown as NameResolver,
  )
  return {
    ...{ addresses, dns, said, asked: () => asked },
    async later(seconds: number) {
      mock.timers.tick(seconds * 1_000)
      for (let i = 0; i < 5; i++) await turn()
      return addresses.current()
    },
    [Symbol.dispose]() {
      addresses.stop()
      mock.timers.reset()
    },
  }
}

test('addresses are told as they are, and nothing is looked up for them', async () => {
  using home = stage(['203.0.113.7', '2001:db8::7'], { resolve4: ['198.51.100.1'], resolve6: 'ENODATA' })
  assert.deepEqual(await home.later(1_000), ['203.0.113.7', '2001:db8::7'])
  assert.equal(home.asked(), 0)
})

test('a name stands for the addresses it has now; a new one counts within minutes', async () => {
  using home = stage(['home.example.org', '2001:db8::7'], { resolve4: ['203.0.113.7'], resolve6: 'ENODATA' })
  assert.deepEqual(home.addresses.current(), ['2001:db8::7'])
  assert.deepEqual(await home.later(0), ['203.0.113.7', '2001:db8::7'])
  home.dns.resolve4 = ['203.0.113.8']
  assert.deepEqual(await home.later(299), ['203.0.113.7', '2001:db8::7'])
  assert.deepEqual(await home.later(1), ['203.0.113.8', '2001:db8::7'])
  assert.deepEqual(home.said, Array(2).fill('info: webrtc: new viewers are told these addresses'))
})

test('the same addresses in another order are no news, and of many only some are told', async () => {
  const many = Array.from({ length: 9 }, (_, i) => `203.0.113.${i}`)
  using home = stage(['home.example.org'], { resolve4: many, resolve6: 'ENODATA' })
  assert.deepEqual(await home.later(0), many.slice(0, 4))
  home.dns.resolve4 = many.toReversed()
  assert.deepEqual(await home.later(300), many.slice(0, 4))
  assert.equal(home.said.length, 1)
})

test('a name that cannot be found for a while keeps what it had, which is said once', async () => {
  using home = stage(['home.example.org'], { resolve4: ['203.0.113.7'], resolve6: ['2001:db8::7'] })
  await home.later(0)
  home.dns.resolve6 = 'ETIMEOUT'
  assert.deepEqual(await home.later(300), ['203.0.113.7', '2001:db8::7'])
  home.dns.resolve4 = 'ENODATA'
  for (let i = 0; i < 3; i++) assert.deepEqual(await home.later(300), ['203.0.113.7', '2001:db8::7'])
  assert.deepEqual(home.said.slice(1), ['warn: webrtc: a public address cannot be found by its name'])
  home.dns.resolve4 = ['203.0.113.8']
  home.dns.resolve6 = 'ENODATA'
  assert.deepEqual(await home.later(300), ['203.0.113.8'])
})

test('a name that has given nothing yet is looked for again soon', async () => {
  using home = stage(['home.example.org'], { resolve4: 'ETIMEOUT', resolve6: 'ETIMEOUT' })
  assert.deepEqual(await home.later(0), [])
  home.dns.resolve4 = ['203.0.113.7']
  assert.deepEqual(await home.later(10), ['203.0.113.7'])
})

test('once stopped nothing is looked up any more', async () => {
  using home = stage(['home.example.org'], { resolve4: ['203.0.113.7'], resolve6: 'ENODATA' })
  await home.later(0)
  home.addresses.stop()
  const before = home.asked()
  await home.later(1_000)
  assert.equal(home.asked(), before)
})
