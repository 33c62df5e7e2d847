import assert from 'node:assert/strict'
import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { reserveUdpPort } from './port.ts'
import { createRelayPort, type RelayPort } from './relay-port.ts'
import { checkOf, isSigned, tieBreakerOf } from './tie-breaker-fixture.ts'

const HOST = '127.0.0.1'
const ANSWER = [
  'a=ice-ufrag:evtj',
  'a=ice-pwd:VOkJxbRl1RmTxUk/WvJxBt',
  'a=candidate:1 1 UDP 2122317823 192.0.2.7 8189 typ host',
  '',
].join('\r\n')
const MEDIA = Buffer.from([0x80, 108, 0, 1])

const open = new Set<{ close(): void }>()
afterEach(() => {
  for (const one of open) one.close()
  open.clear()
})

async function socket(): Promise<Socket> {
  const made = createSocket('udp4')
  open.add(made)
  made.bind(0, HOST)
  await once(made, 'listening')
  return made
}

/** The next datagram, and the port that it came from. */
async function next(of: Socket): Promise<{ datagram: Buffer; from: number }> {
  const [datagram, { port }] = (await once(of, 'message', { signal: AbortSignal.timeout(30_000) })) as [
    Buffer,
    { port: number },
  ]
  return { datagram, from: port }
}

/** A relay port before something that stands for the library, with one viewer's connection. */
async function stage(host = HOST) {
  const library = await socket()
  const port = await reserveUdpPort(host, 0)
  const opened = Promise.withResolvers<void>()
  const relayPort: RelayPort = createRelayPort({
    ...{ host, port, to: library.address().port, now: () => 0 },
    ...{ onOpen: opened.resolve, onError: opened.reject },
  })
  open.add(relayPort)
  await opened.promise
  const told: string[] = []
  const admit = (answer = ANSWER) => {
    const { onAnswer, onClosed } = relayPort.admit({
      onAnswer: (sdp: string) => void told.push(sdp),
      onClosed: () => void told.push('closed'),
    })
    onAnswer(answer)
    return onClosed
  }
  return { library, port, admit, told }
}

test('a check without a tie-breaker goes to the library with one, and its answer comes back', async () => {
  const { library, port, admit, told } = await stage()
  admit()
  assert.match(told[0] ?? '', new RegExp(`192.0.2.7 8189 typ host\\r\\n.* 192.0.2.7 ${port} typ host\\r\\n$`))
  const relay = await socket()
  const arrives = next(library)
  relay.send(checkOf('evtj', 0), port, HOST)
  const { datagram, from } = await arrives
  assert.deepEqual([tieBreakerOf(datagram), isSigned(datagram)], [1, true])
  const answered = next(relay)
  library.send('an answer', from, HOST)
  assert.deepEqual(await answered, { datagram: Buffer.from('an answer'), from: port })
  const follows = next(library)
  relay.send(MEDIA, port, HOST)
  assert.deepEqual(await follows, { datagram: MEDIA, from })
})

test('the address may be given by name', async () => {
  const { library, port, admit } = await stage('localhost')
  admit()
  const relay = await socket()
  const arrives = next(library)
  relay.send(checkOf('evtj', 0), port, HOST)
  const answered = next(relay)
  library.send('an answer', (await arrives).from, HOST)
  assert.equal((await answered).from, port)
})

test('who does not begin with such a check is not let in, nor who has left', async () => {
  const { library, port, admit, told } = await stage()
  const leave = admit()
  admit(ANSWER.replace('evtj', 'stays'))
  leave()
  assert.equal(told.at(-1), 'closed')
  const [stranger, gone, known] = [await socket(), await socket(), await socket()]
  const first = next(library)
  stranger.send(MEDIA, port, HOST)
  stranger.send(checkOf('stays', 7), port, HOST)
  stranger.send(checkOf('nobody', 0), port, HOST)
  gone.send(checkOf('evtj', 0), port, HOST)
  // One after the other: what came before it has been read by then.
  known.send(checkOf('stays', 0), port, HOST)
  const { datagram } = await first
  assert.match(datagram.toString('latin1'), /stays:h6vY/)
  assert.equal(tieBreakerOf(datagram), 1)
})

test('a check that says that it comes from port 0 ends nothing: nobody can be answered there', async ({ mock }) => {
  const bind = mock.method(Socket.prototype, 'bind')
  const { library, port, admit } = await stage()
  const outside = bind.mock.calls.at(-1)?.this as Socket
  admit()
  admit(ANSWER.replace('evtj', 'stays'))
  const first = next(library)
  // As the system gives it: Linux takes such datagrams.
  outside.emit('message', checkOf('evtj', 0), { address: HOST, port: 0, family: 'IPv4', size: 0 })
  const known = await socket()
  known.send(checkOf('stays', 0), port, HOST)
  assert.match((await first).datagram.toString('latin1'), /stays:h6vY/)
})
