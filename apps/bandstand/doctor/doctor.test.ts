import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { testTls } from '@bandstand/engine/http/testing.ts'
import { lockDataFolder } from '@bandstand/engine/store/lock.ts'
import { loadSettings } from '../settings/load.ts'
import { doctor } from './doctor.ts'

async function examine(args: string[]): Promise<{ status: number; text: string }> {
  const lines: string[] = []
  const { settings } = loadSettings({ args, env: {}, cwd: '/nonexistent' })
  const status = await doctor(settings, (line) => lines.push(line))
  return { status, text: lines.join('\n') }
}

const free = [
  '--http',
  '127.0.0.1:0',
  '--rtmp',
  '127.0.0.1:0',
  '--webrtc',
  '127.0.0.1:0',
  '--srt',
  '127.0.0.1:0',
  '--recording-max-gb',
  '0.1',
]

/** A folder that goes away with the test. */
function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-doctor-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a machine where all is well is ready to start', async (t) => {
  const { status, text } = await examine([...free, '--data', temporaryFolder(t)])
  assert.equal(status, 0, text)
  assert.match(text, /Ready to start/)
})

test('without ffmpeg a note says what is missing, and with it which it is', async (t) => {
  const data = temporaryFolder(t)
  const { status, text } = await examine([...free, '--data', data, '--ffmpeg', '/nonexistent/ffmpeg'])
  assert.equal(status, 0, text)
  assert.match(text, /note {2}\/nonexistent\/ffmpeg not found: .*no pictures.*--ffmpeg/)
  const named = await examine([...free, '--data', data, '--ffmpeg', process.execPath])
  assert.ok(named.text.includes(`ffmpeg found: ${process.execPath}`), named.text)
})

test('a port in use and a data folder that is a file are named with the flag that changes them', async (t) => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  const holder = createServer()
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
  const { port } = holder.address() as { port: number }
  const { status, text } = await examine([...free, '--http', `127.0.0.1:${port}`, '--data', file])
  holder.close()
  assert.equal(status, 1)
  assert.match(text, new RegExp(`HTTP address 127.0.0.1:${port}: another program listens there.*--http`))
  assert.match(text, /data folder .* cannot be used: .* is a file .*--data/)
  assert.match(text, /2 to mend/)
})

test('while the server of this data folder runs, its ports are its own and nothing is to mend', async (t) => {
  const data = temporaryFolder(t)
  const lock = await lockDataFolder(data)
  t.after(() => lock.release())
  const tcp = createServer()
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done))
  t.after(() => tcp.close())
  const udp = createSocket('udp4')
  await new Promise<void>((done) => udp.bind(0, '127.0.0.1', done))
  t.after(() => udp.close())
  const [http, srt] = [(tcp.address() as { port: number }).port, udp.address().port]
  const taken = ['--http', '--rtmp', '--rtmps'].flatMap((flag) => [flag, `127.0.0.1:${http}`])
  taken.push('--srt', `127.0.0.1:${srt}`, '--webrtc', `127.0.0.1:${srt}`)
  const certificate = join(data, 'a.pem')
  const key = join(data, 'a.key')
  writeFileSync(certificate, testTls.cert)
  writeFileSync(key, testTls.key)
  const args = [...free, ...taken, '--data', data, '--tls-cert', certificate, '--tls-key', key]

  const { status, text } = await examine(args)
  assert.equal(status, 0, text)
  assert.match(text, new RegExp(`ok {3}data folder .* is in use by its server \\(process ${process.pid} on .+\\)`))
  for (const what of [
    `HTTP address 127.0.0.1:${http}`,
    'RTMP address',
    'RTMPS address',
    'SRT address',
    'WebRTC address',
  ])
    assert.match(text, new RegExp(`ok {3}${what}.* is in use, as it is to be while that server runs`), what)
  assert.doesNotMatch(text, /another program|choose another/)
  assert.match(text, /The server of this data folder is running\.$/)

  // What else is wrong is told, and that of addresses too.
  const absent = await examine([...args, '--rtmp', '192.0.2.1:0'])
  assert.equal(absent.status, 1, absent.text)
  assert.match(absent.text, /RTMP address 192.0.2.1:0: this machine has no such address; choose another with --rtmp/)
  assert.match(absent.text, /1 to mend before the next start\.$/)

  await lock.release()
  const stopped = await examine(args)
  assert.equal(stopped.status, 1, stopped.text)
  assert.equal(stopped.text.match(/another program listens there; choose another with --/g)?.length, 5)
})

test('the UDP port of WebRTC is looked at as well', async (t) => {
  const data = temporaryFolder(t)
  const holder = createSocket('udp4')
  await new Promise<void>((done) => holder.bind(0, '127.0.0.1', done))
  const taken = `127.0.0.1:${holder.address().port}`
  const { status, text } = await examine([...free, '--data', data, '--webrtc', taken])
  holder.close()
  assert.equal(status, 1, text)
  assert.match(text, new RegExp(`WebRTC ${taken}: another program listens there; .*--webrtc`))
  const named = await examine([...free, '--data', data, '--webrtc-addresses', '203.0.113.7'])
  assert.doesNotMatch(named.text, /--webrtc-addresses/)
  const off = await examine([...free, '--data', data, '--webrtc', 'off'])
  assert.equal(off.status, 0, off.text)
  assert.match(off.text, /note {2}WebRTC is off/)
})

test('the second UDP port is looked at where a TURN server needs it', async (t) => {
  const data = temporaryFolder(t)
  const turn = ['--ice-servers', 'turns:turn.example.org', '--turn-secret', 'a-shared-secret']
  const holder = createSocket('udp4')
  await new Promise<void>((done) => holder.bind(0, '127.0.0.1', done))
  const before = `127.0.0.1:${holder.address().port - 1}`
  const { status, text } = await examine([...free, '--data', data, ...turn, '--webrtc', before])
  holder.close()
  assert.equal(status, 1, text)
  assert.match(text, /WebRTC 127\.0\.0\.1:\d+: another program listens there; .*--webrtc/)
  const both = await examine([...free, '--data', data, ...turn])
  assert.match(both.text, /and the next one, which the TURN server has to reach/)
})

test('a certificate that is not one is a problem', async (t) => {
  const certificate = ['--rtmps', '127.0.0.1:0', '--tls-cert', '/dev/null', '--tls-key', '/dev/null']
  const { status, text } = await examine([...free, '--data', temporaryFolder(t), ...certificate])
  assert.equal(status, 1)
  assert.match(text, /certificate \/dev\/null cannot be used: it holds no certificate/)
})

test('an address that this machine does not have is told in words', async (t) => {
  const data = temporaryFolder(t)
  const { text } = await examine(['--http', '192.0.2.1:0', '--rtmp', '127.0.0.1:0', '--data', data])
  assert.match(text, /HTTP address 192.0.2.1:0: this machine has no such address/)
})

test('a data folder where none can be made is told at once', { timeout: 10_000 }, async (t) => {
  if (!existsSync('/proc/self')) return t.skip('needs /proc')
  const { status, text } = await examine([...free, '--data', '/proc/bandstand'])
  assert.equal(status, 1)
  assert.match(text, /data folder \/proc\/bandstand cannot be used: no folder can be made there/)
})

test('a key that is missing, or is that of another certificate, is a problem as it is at a start', async (t) => {
  const folder = temporaryFolder(t)
  const [certificate, key] = ['a.pem', 'a.key'].map((name) => join(folder, name)) as [string, string]
  writeFileSync(certificate, testTls.cert)
  const withKey = () =>
    examine([
      ...free,
      '--data',
      join(folder, 'data'),
      '--rtmps',
      '127.0.0.1:0',
      '--tls-cert',
      certificate,
      '--tls-key',
      key,
    ])
  const missing = await withKey()
  assert.equal(missing.status, 1)
  assert.match(missing.text, /!! .*a\.key.* cannot be read: there is no such file/)
  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  writeFileSync(key, other.export({ type: 'pkcs8', format: 'pem' }))
  const wrong = await withKey()
  assert.equal(wrong.status, 1)
  assert.match(wrong.text, /!! .*a\.key.* is not the key of certificate .*a\.pem/)
  writeFileSync(key, testTls.key)
  const right = await withKey()
  assert.equal(right.status, 0, right.text)
})

test('the publish hook is asked, and what it says is told', async (t) => {
  const data = temporaryFolder(t)
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  let answer = '{"allow":false,"reason":"not on Mondays"}'
  const server = createHttpServer((request, response) => {
    request.resume()
    response.end(answer)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const hook = ['--publish-hook', `http://127.0.0.1:${port}/may`, '--publish-hook-secret', secret]
  const examineHook = () => examine([...free, '--data', data, ...hook, '--publish-hook-timeout', '8'])
  const refusing = await examineHook()
  assert.match(
    refusing.text,
    /ok {3}publish hook http:\/\/127.0.0.1:\d+ answered in \d+ ms, and would refuse an encoder on main: not on Mondays/,
  )
  assert.equal(refusing.status, 0)
  answer = 'hello'
  const broken = await examineHook()
  assert.match(broken.text, /!! {2}publish hook .*: its answer is no JSON.*nobody can publish/)
  assert.equal(broken.status, 1)
  assert.equal(`${refusing.text}${broken.text}`.includes(secret), false)
})

test('a publish hook whose certificate nobody vouches for is a problem', async (t) => {
  const server = createHttpsServer(testTls, (_request, response) => response.end('{"allow":true}'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const hook = ['--publish-hook', `https://localhost:${port}/may`, '--publish-hook-secret', secret]
  const { status, text } = await examine([...free, '--data', temporaryFolder(t), ...hook])
  assert.match(text, /!! {2}publish hook https:.*certificate/)
  assert.equal(status, 1)
})
