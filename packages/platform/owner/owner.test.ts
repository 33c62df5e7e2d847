import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD_COST } from '../access/password.ts'
import { PASSWORD, startPlatform } from '../testing/start.ts'

test('the owner signs in, is known by the cookie, and signs out', async (t) => {
  const { app } = await startPlatform(t)
  const signIn = await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password: PASSWORD } })
  assert.equal(signIn.statusCode, 201)
  const [setCookie = '', device = ''] = signIn.headers['set-cookie'] ?? []
  assert.match(setCookie, /^bandstand=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
  assert.match(device, /^bandstand-device=[\w-]{22}\.[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Strict$/)
  assert.equal(signIn.headers['cache-control'], 'no-store')
  const cookie = setCookie.split(';')[0] ?? ''
  assert.equal((await app.inject({ url: '/api/v1/session', headers: { cookie } })).json().signedIn, true)
  assert.equal((await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie } })).statusCode, 204)
  assert.equal((await app.inject({ url: '/api/v1/session', headers: { cookie } })).json().signedIn, false)
  assert.equal((await app.inject({ url: '/api/v1/instance', headers: { cookie } })).statusCode, 401)
})

test('strangers are told that they are strangers, without an error', async (t) => {
  const { app } = await startPlatform(t)
  for (const cookie of [
    '',
    'bandstand=',
    'bandstand=x',
    `bandstand=${'a'.repeat(43)}`,
    `bandstand=${'a'.repeat(5000)}`,
  ]) {
    const reply = await app.inject({ url: '/api/v1/session', headers: { cookie } })
    assert.deepEqual(reply.json(), { signedIn: false, expiresAt: null })
  }
})

test('a session ends after its time', async (t) => {
  let now = Date.now()
  const { app, signIn } = await startPlatform(t, { now: () => now })
  const cookie = await signIn()
  now += 31 * 24 * 3_600_000
  assert.equal((await app.inject({ url: '/api/v1/instance', headers: { cookie } })).statusCode, 401)
})

test('guessing is stopped after five attempts, also with the right password, and goes on later', async (t) => {
  let now = Date.now()
  const { app } = await startPlatform(t, { now: () => now })
  const attempt = (password: string) => app.inject({ method: 'POST', url: '/api/v1/session', payload: { password } })
  for (let i = 0; i < 5; i++) assert.equal((await attempt(`guess ${i}`)).json().code, 'wrong-password')
  const refused = await attempt(PASSWORD)
  assert.equal(refused.statusCode, 429)
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  now += 31_000
  assert.equal((await attempt(PASSWORD)).statusCode, 201)
})

test('what strangers are refused goes to the log that keeps floods short, with no more than an address and a message', async (t) => {
  const told: string[] = []
  const line = (fields: object, message: string) => void told.push(`${message} ${JSON.stringify(fields)}`)
  const strangerLog = { debug: line, info: line, warn: line, error: line }
  const now = Date.now()
  const { app, logged } = await startPlatform(t, { strangerLog, now: () => now })
  for (let i = 0; i < 7; i++)
    await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password: `guess ${i}` } })
  assert.deepEqual(
    [...new Set(told)],
    [
      'sign-in refused: wrong password {"remote":"127.0.0.1"}',
      'sign-in refused: too many attempts {"remote":"127.0.0.1"}',
    ],
  )
  assert.equal(told.length, 7)
  assert.doesNotMatch(logged.join(), /sign-in refused/)
})

test('guessing from everywhere is stopped in total, and the owner at a known address is not', async (t) => {
  // The clock stands: while it goes on, every ten seconds allow one more, and a slow machine takes long for each.
  const now = Date.now()
  const { app } = await startPlatform(t, { now: () => now })
  const attempt = (password: string, remoteAddress: string) =>
    app.inject({ method: 'POST', url: '/api/v1/session', payload: { password }, remoteAddress })
  assert.equal((await attempt(PASSWORD, '192.0.2.200')).statusCode, 201)
  let limited = 0
  for (let i = 0; i < 40 && limited === 0; i++) {
    if ((await attempt('guess', `198.51.100.${i}`)).statusCode === 429) limited = i
  }
  assert.ok(limited > 20 && limited < 32, String(limited))
  assert.equal((await attempt(PASSWORD, '192.0.2.200')).statusCode, 201)
})

test('a browser that has signed in before gets in from a new address, however many guess; one that says so does not', async (t) => {
  let now = Date.now()
  const { app } = await startPlatform(t, { now: () => now })
  const attempt = (password: string, remoteAddress: string, cookie = '') =>
    app.inject({
      method: 'POST',
      url: '/api/v1/session',
      payload: { password },
      remoteAddress,
      headers: { cookie },
    })
  const [, line = ''] = (await attempt(PASSWORD, '192.0.2.1')).headers['set-cookie'] ?? []
  const device = line.split(';')[0] ?? ''
  for (let i = 0; i < 30; i++) await attempt('wrong', `198.51.100.${i}`)
  for (const forged of ['', 'bandstand-device=x.y', device.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))])
    assert.equal((await attempt(PASSWORD, '203.0.113.1', forged)).statusCode, 429, forged)
  const back = await attempt(PASSWORD, '203.0.113.2', device)
  assert.equal(back.statusCode, 201)
  assert.equal(back.headers['set-cookie']?.[1]?.split(';')[0], device)

  // Whoever guesses with it has no more attempts than strangers have.
  now += 3_600_000
  const statuses: number[] = []
  for (let i = 0; i < 31; i++) statuses.push((await attempt('wrong', `198.51.100.${100 + i}`, device)).statusCode)
  assert.equal(statuses.indexOf(429), 30)
})

test('a wrong password takes as long to refuse as the right one to accept', async (t) => {
  const { app } = await startPlatform(t, { passwordCost: PASSWORD_COST })
  // Time of processors: by a clock, what else runs on the machine makes some attempts ten times as long as others.
  const time = async (password: string, remoteAddress: string) => {
    const from = process.cpuUsage()
    await app.inject({ method: 'POST', url: '/api/v1/session', payload: { password }, remoteAddress })
    const { user, system } = process.cpuUsage(from)
    return user + system
  }
  await time(PASSWORD, '192.0.2.1')
  const quickest = async (password: string, from: number) => {
    const times: number[] = []
    for (let i = 0; i < 3; i++) times.push(await time(password, `192.0.2.${from + i}`))
    return Math.min(...times)
  }
  const right = await quickest(PASSWORD, 10)
  const wrong = await quickest('x', 20)
  // Loose: this process does other work too; what must not be is a refusal without the work.
  assert.ok(wrong > right / 5, `${wrong} ${right}`)
})

test('pages of other sites can neither sign in nor change anything', async (t) => {
  const { app, signIn } = await startPlatform(t)
  const cookie = await signIn()
  const others: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of others) {
    const rotate = await app.inject({
      method: 'POST',
      url: '/api/v1/channels/main/key/rotate',
      headers: { ...headers, cookie },
    })
    assert.equal(rotate.statusCode, 403, JSON.stringify(headers))
    assert.equal(rotate.json().code, 'bad-origin')
    const signedIn = await app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers,
      payload: { password: PASSWORD },
    })
    assert.equal(signedIn.statusCode, 403)
  }
  const own = { cookie, origin: 'http://localhost:80', host: 'localhost' }
  assert.equal(
    (await app.inject({ method: 'POST', url: '/api/v1/channels/main/key/rotate', headers: own })).statusCode,
    200,
  )
})

test('forms cannot send a body', async (t) => {
  const { app } = await startPlatform(t)
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
    const payload = JSON.stringify({ password: PASSWORD })
    const reply = await app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { 'content-type': type },
      payload,
    })
    assert.equal(reply.statusCode, 415, type)
  }
})
