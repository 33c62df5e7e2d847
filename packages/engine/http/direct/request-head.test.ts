import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { readRequestHead } from './request-head.ts'

const limit = 16 * 1024
const read = (text: string) => readRequestHead(Buffer.from(text, 'latin1'), limit)

const player =
  'GET /live/main/as_1/v1/index.m3u8?_HLS_msn=7&_HLS_part=2 HTTP/1.1\r\n' +
  'Host: stage.example:8080\r\n' +
  'User-Agent: Player/1.0 (like Gecko)\r\n' +
  'Accept: */*\r\n' +
  'Accept-Encoding: gzip,  deflate \t\r\n' +
  'X-Empty:\r\n' +
  'Connection: keep-alive\r\n\r\n'

test('reads what a player sends, and where it ends', () => {
  const head = read(`${player}GET /next`)
  assert.equal(head?.method, 'GET')
  assert.equal(head?.target, '/live/main/as_1/v1/index.m3u8?_HLS_msn=7&_HLS_part=2')
  assert.equal(head?.length, player.length)
  assert.deepEqual(
    { ...head?.headers },
    {
      host: 'stage.example:8080',
      'user-agent': 'Player/1.0 (like Gecko)',
      accept: '*/*',
      'accept-encoding': 'gzip,  deflate',
      'x-empty': '',
      connection: 'keep-alive',
    },
  )
})

test('the same fields again are not read again, other ones are', () => {
  const first = read(player)
  const again = readRequestHead(Buffer.from(player.replace('_part=2', '_part=3')), limit, first)
  assert.equal(again?.headers, first?.headers)
  assert.match(again?.target ?? '', /_part=3$/)
  const other = readRequestHead(Buffer.from(player.replace('*/*', 'a/b')), limit, first)
  assert.equal(other?.headers.accept, 'a/b')
})

test('an incomplete head is left alone, wherever it is cut', () => {
  for (let cut = 0; cut < player.length; cut++) assert.equal(read(player.slice(0, cut)), undefined)
})

test('whatever is unusual is left to a general parser', () => {
  const host = 'Host: h\r\n'
  const table = [
    `POST / HTTP/1.1\r\n${host}\r\n`,
    `OPTIONS / HTTP/1.1\r\n${host}\r\n`,
    `get / HTTP/1.1\r\n${host}\r\n`,
    `GET / HTTP/1.0\r\n${host}\r\n`,
    `GET / HTTP/2.0\r\n${host}\r\n`,
    `GET http://h/ HTTP/1.1\r\n${host}\r\n`,
    `GET  / HTTP/1.1\r\n${host}\r\n`,
    `GET /a b HTTP/1.1\r\n${host}\r\n`,
    `GET /\x00 HTTP/1.1\r\n${host}\r\n`,
    `GET /\xff HTTP/1.1\r\n${host}\r\n`,
    `GET / HTTP/1.1\n${host}\r\n`,
    `\r\nGET / HTTP/1.1\r\n${host}\r\n`,
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${host}${host}\r\n`,
    'GET / HTTP/1.1\r\nHost: a b<>\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: user@h\r\n\r\n',
    `GET / HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`,
    `GET / HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Upgrade: websocket\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Expect: 100-continue\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}Connection: keep-alive, upgrade\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}A: b\nC: d\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}A: b\rC: d\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}A: \x00\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}: b\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}no colon\r\n\r\n`,
    `GET / HTTP/1.1\r\n ${host}\r\n`,
    `GET /${'a'.repeat(limit)} HTTP/1.1\r\n${host}\r\n`,
  ]
  for (const text of table) assert.equal(read(text), undefined, JSON.stringify(text.slice(0, 80)))
})

test('whatever it reads, the general parser reads the same', { timeout: 60_000 }, async (t) => {
  const seen: { method: string | undefined; url: string | undefined; headers: object }[] = []
  const server = createServer((req, res) => {
    seen.push({ method: req.method, url: req.url, headers: { ...req.headers } })
    res.end()
  })
  server.on('clientError', (_, socket) => socket.destroy())
  t.after(() => server.close())
  let seed = 0x2545f491
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const spice = [
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    '\x00',
    '\x7f',
    '\xe9',
    'Host: x',
    'Content-Length: 1',
    '/',
    'HEAD ',
    ',',
  ]
  let accepted = 0
  for (let round = 0; round < 5_000; round++) {
    let text = player
    for (let changes = 1 + random(3); changes > 0; changes--) {
      const at = random(text.length)
      const cut = random(3)
      text = text.slice(0, at) + (spice[random(spice.length)] ?? '') + text.slice(at + cut)
    }
    const head = read(text)
    if (head === undefined) continue
    accepted++
    const [ours, theirs] = duplexPair()
    server.emit('connection', theirs)
    seen.length = 0
    ours.write(Buffer.from(text.slice(0, head.length), 'latin1'))
    ours.resume()
    for (let turns = 0; turns < 100 && seen.length === 0; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      seen,
      [{ method: head.method, url: head.target, headers: { ...head.headers } }],
      JSON.stringify(text),
    )
    ours.destroy()
    theirs.destroy()
  }
  assert.ok(accepted > 500, `${accepted} accepted`)
})
