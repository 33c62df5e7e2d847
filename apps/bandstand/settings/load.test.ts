import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadSettings, printSettingsHelp } from './load.ts'
import { rtmpsAddress } from './rtmps.ts'
import { environmentName, flagName } from './schema.ts'

const load = (args: string[], env: Record<string, string> = {}, cwd = '/nonexistent') =>
  loadSettings({ args, env, cwd })

test('defaults are those of the documented table', () => {
  const { settings } = load([])
  assert.deepEqual(settings.http, { host: '0.0.0.0', port: 8080 })
  assert.deepEqual(settings.rtmp, { host: '0.0.0.0', port: 1935 })
  assert.equal(settings.data, './data')
  assert.equal(settings.recording, true)
})

test('RTMPS is off until there is a certificate, and cannot be asked for without one', () => {
  const tls = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']
  assert.equal(rtmpsAddress(load([]).settings), undefined)
  assert.equal(rtmpsAddress(load(['--rtmps', 'off']).settings), undefined)
  assert.deepEqual(rtmpsAddress(load(tls).settings), { host: '0.0.0.0', port: 1936 })
  assert.deepEqual(rtmpsAddress(load([...tls, '--rtmps', ':443']).settings), { host: '0.0.0.0', port: 443 })
  assert.equal(rtmpsAddress(load([...tls, '--rtmps', 'off']).settings), undefined)
  assert.throws(() => load(['--rtmps', ':1936']), /--rtmps needs a certificate/)
})

test('a flag wins over the environment, which wins over the file', (t) => {
  const cwd = folderWith(t, 'http: 127.0.0.1:1\nrtmp: 127.0.0.1:2\nreconnectWindow: 3\n')
  const { settings } = load(['--http=127.0.0.1:10'], { BANDSTAND_HTTP: ':20', BANDSTAND_RTMP: '[::1]:30' }, cwd)
  assert.deepEqual(settings.http, { host: '127.0.0.1', port: 10 })
  assert.deepEqual(settings.rtmp, { host: '::1', port: 30 })
  assert.equal(settings.reconnectWindow, 3)
})

test('stream keys that encoders can send are taken', () => {
  for (const key of ['abcdefgh', 'with/slash', 'lively/key', 'ends with =', '#1&moreof']) {
    assert.equal(load(['--stream-key', ` ${key} `.padEnd(9)]).settings.streamKey, key)
  }
})

test('names have one form for each place', () => {
  assert.equal(flagName('tlsCert'), 'tls-cert')
  assert.equal(environmentName('tlsCert'), 'BANDSTAND_TLS_CERT')
})

for (const [what, args, env, message] of [
  ['a hook without its secret', ['--publish-hook', 'https://example.org/may'], {}, /go together/],
  ['a hook with a password in it', ['--publish-hook', 'https://a:b@example.org/'], {}, /without user name/],
  ['a hook of another protocol', ['--publish-hook', 'ftp://example.org/'], {}, /http:\/\/ or https/],
  ['a secret that can be guessed', ['--publish-hook-secret', 'whsec_c2VjcmV0'], {}, /24 to 64 random bytes/],
  ['a hook that may take for ever', ['--publish-hook-timeout', '60'], {}, /from 0.1 to 8/],
  ['an unknown flag', ['--htttp', '1'], {}, /--htttp is not a setting/],
  ['an unknown variable', [], { BANDSTAND_HTTPP: 'x' }, /BANDSTAND_HTTPP is not a setting/],
  ['a port by a name of its own', [], { BANDSTAND_PORT: '8080' }, /BANDSTAND_PORT is not a setting/],
  ['a bad address', ['--http', 'localhost:99999'], {}, /setting http .*takes HOST:PORT/],
  [
    'a number out of range',
    ['--reconnect-window', '-1'],
    {},
    /setting reconnectWindow .*takes a number from 0 to 3600/,
  ],
  ['no number at all', ['--max-bitrate', 'much'], {}, /setting maxBitrate .*takes a number from/],
  ['a blank in place of a number', ['--recording-min-free-gb', ' '], {}, /setting recordingMinFreeGb .*takes a number/],
  ['a number in words that only a program reads', ['--http', ':1', '--max-bitrate', '0x10'], {}, /takes a number from/],
  ['a part of an encoder', ['--max-publishers-per-address', '1.5'], {}, /takes a whole number from 1 to 10000/],
  ['neither on nor off', ['--recording', 'maybe'], {}, /setting recording .*takes on or off/],
  ['a certificate without its key', ['--tls-cert', 'x.pem'], {}, /go together/],
  ['a public address with a path', ['--public-url', 'https://example.org/live'], {}, /setting publicUrl .*: no path/],
  ['a public address that is none', ['--public-url', 'example.org'], {}, /setting publicUrl .*takes http:\/\/ or/],
  [
    'a stream key with a query',
    ['--stream-key', 'abc?defgh'],
    {},
    /setting streamKey .*: takes a key that has no "\?"/,
  ],
  ['a stream key that ends in a slash', [], { BANDSTAND_STREAM_KEY: 'abcdefgh/' }, /no "\/" at its ends/],
  ['a stream key behind the application', ['--stream-key', 'live/abcdefgh'], {}, /no "live\/" at its beginning/],
  ['a flag without its value', ['--http'], {}, /--http takes a value/],
] as const) {
  test(`${what} stops the start with one line that names it`, () => {
    assert.throws(
      () => load([...args], env),
      (error: Error) => {
        assert.match(error.message, message)
        assert.ok(!error.message.includes('\n'))
        return true
      },
    )
  })
}

test('what Kubernetes says of a Service named bandstand is left alone, and what steers the tests', () => {
  const env = {
    BANDSTAND_SERVICE_HOST: '10.96.0.7',
    BANDSTAND_SERVICE_PORT: '8080',
    BANDSTAND_SERVICE_PORT_HTTP: '8080',
    BANDSTAND_PORT: 'tcp://10.96.0.7:8080',
    BANDSTAND_PORT_8080_TCP: 'tcp://10.96.0.7:8080',
    BANDSTAND_PORT_8080_TCP_PROTO: 'tcp',
    BANDSTAND_PORT_8080_TCP_PORT: '8080',
    BANDSTAND_PORT_8080_TCP_ADDR: '10.96.0.7',
    BANDSTAND_WEBRTC_SERVICE_HOST: '10.96.0.8',
    BANDSTAND_WEBRTC_PORT: 'udp://10.96.0.8:8189',
  }
  assert.deepEqual(load([], env).leftAlone, Object.keys(env))
  assert.deepEqual(load([], { BANDSTAND_CHROMIUM: '/usr/bin/chromium', BANDSTAND_LONG: '1' }).leftAlone, [])
})

test('a public address is a scheme, a host and perhaps a port; a slash at its end is no path', () => {
  for (const url of ['https://live.example.org', 'http://192.0.2.1:8080/', 'https://[2001:db8::1]:8443']) {
    assert.equal(load(['--public-url', url]).settings.publicUrl, url)
  }
  for (const rest of ['/stage/', '/?a', '/#a', 'ftp://live.example.org', 'https://me:secret@live.example.org']) {
    const url = rest.includes('://') ? rest : `https://live.example.org${rest}`
    assert.throws(() => load(['--public-url', url]), { code: 'bad-setting' }, url)
  }
})

test('a TURN server needs a secret, or a name and a password', () => {
  const turn = ['--ice-servers', 'stun:s.example,turns:t.example:443?transport=tcp']
  for (const rest of [[], ['--turn-username', 'u'], ['--turn-password', 'p']])
    assert.throws(() => load([...turn, ...rest]), { code: 'bad-setting', message: /--turn-secret/ })
  for (const rest of [
    ['--turn-secret', 'a-shared-secret'],
    ['--turn-username', 'u', '--turn-password', 'p'],
  ])
    assert.equal(load([...turn, ...rest]).settings.iceServers.length, 2)
  assert.equal(load(['--ice-servers', 'stun:s.example']).settings.iceServers.length, 1)
})

test('the last UDP port is refused where the next one is needed as well', () => {
  const turn = ['--turn-secret', 'a-shared-secret', '--ice-servers', 'turn:t.example?transport=tcp']
  const last = ['--webrtc', '0.0.0.0:65535']
  assert.throws(() => load([...turn, ...last]), { code: 'bad-setting', message: /--webrtc 0\.0\.0\.0:65535.*65534/ })
  assert.doesNotThrow(() => load(last))
  assert.doesNotThrow(() => load([...turn, '--webrtc', '65534']))
  assert.doesNotThrow(() => load([...turn, '--webrtc', 'off']))
})

test('an environment variable that is empty counts as not set, as compose files leave it', () => {
  const { settings } = load([], { BANDSTAND_RECONNECT_WINDOW: '', BANDSTAND_RECORDING: '', BANDSTAND_TLS_CERT: '' })
  assert.equal(settings.reconnectWindow, 30)
  assert.equal(settings.recording, true)
  assert.equal(settings.tlsCert, undefined)
})

test('a name without a value in the settings file counts as not set', (t) => {
  const cwd = folderWith(t, 'reconnectWindow:\ntrustProxy:\nmaxBitrate: 7.5\n')
  const { settings } = load([], { BANDSTAND_RECORDING_MAX_DAYS: ' 2 ' }, cwd)
  assert.deepEqual([settings.reconnectWindow, settings.maxBitrate, settings.recordingMaxDays], [30, 7.5, 2])
})

for (const value of ['[5]', 'true', '"much"', '{}', '.nan', '.inf', '""']) {
  test(`${value} in the settings file is no number`, (t) => {
    const cwd = folderWith(t, `maxBitrate: ${value}\n`)
    assert.throws(() => load([], {}, cwd), { code: 'bad-setting', message: /setting maxBitrate .*takes a number from/ })
  })
}

function folderWith(t: TestContext, yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-settings-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'bandstand.yaml'), yaml)
  return folder
}

test('a settings file that cannot be read stops the start with one line that says why in plain words', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-settings-'))
  t.after(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o755)
  const closed = join(folder, 'closed.yaml')
  writeFileSync(closed, 'http: 127.0.0.1:1\n', { mode: 0o000 })
  const missing = join(folder, 'missing.yaml')
  const torn = join(folder, 'torn.yaml')
  writeFileSync(torn, 'http: [\n  bad')
  const refusal = (path: string) => {
    try {
      load(['--config', path])
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  assert.equal(refusal(missing), `settings file ${missing}: there is no such file`)
  assert.equal(refusal(folder), `settings file ${folder}: this is a folder, not a file`)
  assert.equal(refusal(join(closed, 'x')), `settings file ${closed}/x: there is no such file`)
  assert.match(refusal(torn) ?? '', /^settings file .*torn\.yaml: .* at line 2, column 6$/)
  // Root may read everything.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    assert.equal(refusal(closed), `settings file ${closed}: this user may not read it`)
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  // One that nobody has named may be missing, but not be unreadable.
  mkdirSync(join(folder, 'bandstand.yaml'))
  assert.throws(() => load([], {}, folder), /bandstand\.yaml: this is a folder/)
})

test('a secret is not repeated in the message that refuses it', () => {
  assert.throws(
    () => load(['--owner-password', 'hunter2']),
    (error: Error) => {
      assert.match(error.message, /ownerPassword/)
      assert.ok(!error.message.includes('hunter2'))
      return true
    },
  )
})

test('what may hold a secret is not repeated either: behind a mistyped name, in an address and its query', (t) => {
  const cwd = folderWith(t, 'ownerPasword: hunter22\n')
  const hook = ['--publish-hook-secret', `whsec_${'A'.repeat(32)}`]
  for (const [name, args, folder] of [
    ['ownerPasword', [], cwd],
    ['hlsSources', ['--hls-sources', 'main=https://user:hunter22@studio/live.m3u8,second']],
    ['hlsSources', ['--hls-sources', 'main=https://studio/live.m3u8?token=hunter22,second']],
    ['publishHook', ['--publish-hook', 'https://user:hunter22@example.org/', ...hook]],
    ['publishHook', ['--publish-hook', 'example.org/?token=hunter22', ...hook]],
    ['publicUrl', ['--public-url', 'https://user:hunter22@example.org']],
    ['iceServers', ['--ice-servers', 'turn:user:hunter22@turn.example']],
    ['iceServers', ['--ice-servers', 'turn:turn.example?credential=hunter22']],
  ] as const) {
    assert.throws(
      () => load([...args], {}, folder),
      (error: Error) => {
        assert.ok(error.message.startsWith(`setting ${name} `), error.message)
        assert.doesNotMatch(error.message, /hunter22/)
        return true
      },
    )
  }
})

test('a settings file that is no YAML is refused without what it holds', (t) => {
  for (const value of ['*hunter22', '|hunter22', '!hunter22']) {
    const warned = t.mock.method(process, 'emitWarning', () => {})
    assert.throws(
      () => load([], {}, folderWith(t, `log: json\nownerPassword: ${value}\n`)),
      (error: Error) => {
        assert.equal((error as Error & { code?: string }).code, 'bad-setting')
        assert.doesNotMatch(error.message, /hunter22/)
        return true
      },
    )
    assert.equal(warned.mock.callCount(), 0)
    warned.mock.restore()
  }
})

test('where several sources of HLS are given, the refusal says which is meant', () => {
  const sources = (text: string) => () => load(['--hls-sources', text])
  assert.throws(sources('main=/mnt/studio,second'), /hlsSources .*: entry 2 of 2: takes CHANNEL=FOLDER/)
  assert.throws(sources('second'), /\): takes CHANNEL=FOLDER/)
})

test('words that are not flags are the command', () => {
  assert.deepEqual(load(['check', 'http://a/b', '--recording', '--log', 'json']).words, ['check', 'http://a/b'])
})

test('help names every setting with its default', () => {
  assert.match(printSettingsHelp(), /--http .*\[0\.0\.0\.0:8080\]/)
})

test('reverse proxies are addresses and networks; anything else is named with what is taken', () => {
  const trusted = (list: string) => load(['--trust-proxy', list]).settings.trustProxy
  assert.deepEqual(trusted('127.0.0.1, 10.0.0.0/8,::1,fd00::/8'), ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
  assert.deepEqual(trusted(''), [])
  for (const wrong of ['blah', '10.0.0.1/33', '::1/129', '10.0.0.0/', '1.2.3', '127.0.0.1;::1', 'fe80::1%eth0']) {
    assert.throws(() => trusted(wrong), {
      code: 'bad-setting',
      message: /--trust-proxy.*takes IP addresses and networks/,
    })
  }
})

test('sources of HLS are given as text, or in the file as a list', (t) => {
  const sources = (text: string) => load(['--hls-sources', text]).settings.hlsSources
  assert.deepEqual(sources(''), [])
  assert.deepEqual(sources('main=/mnt/studio, radio=https://example.org/a.m3u8?x=1'), [
    { channel: 'main', from: '/mnt/studio' },
    { channel: 'radio', from: 'https://example.org/a.m3u8?x=1' },
  ])
  for (const bad of ['/mnt/studio', 'main=', '=x', 'Main Channel=/x', 'main=rtmp://example.org/x', 'main=https://']) {
    assert.throws(() => sources(bad), /hlsSources.*takes CHANNEL=FOLDER/, bad)
  }
  const folder = mkdtempSync(join(tmpdir(), 'bandstand-settings-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = (yaml: string) => {
    writeFileSync(join(folder, 'bandstand.yaml'), yaml)
    return load([], {}, folder).settings.hlsSources
  }
  assert.deepEqual(
    file(
      'hlsSources:\n  - main=/mnt/a,b\n  - {channel: radio, url: "http://r.example/a.m3u8"}\n  - {channel: c, folder: ./c}\n',
    ),
    [
      { channel: 'main', from: '/mnt/a,b' },
      { channel: 'radio', from: 'http://r.example/a.m3u8' },
      { channel: 'c', from: './c' },
    ],
  )
  assert.throws(() => file('hlsSources:\n  - {channel: c, url: /mnt/x}\n'), /takes CHANNEL=FOLDER/)
})
