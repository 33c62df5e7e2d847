import assert from 'node:assert/strict'
import { createSocket, Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { reserveUdpPair, reserveUdpPort } from './port.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((own) => own?.some(({ address }) => address === '::1'))
const skip = !hasIpv6 && 'this machine has no IPv6'

test('a free port is found, and is free afterwards, at addresses of both kinds', { skip }, async () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
    const port = await reserveUdpPort(host, 0)
    assert.equal(await reserveUdpPort(host, port), port, host)
  }
})

test('a port that another program has is refused, by IPv6 too where that program has it by IPv4', {
  skip,
}, async () => {
  const other = createSocket('udp4')
  await new Promise<void>((done) => other.bind(0, '0.0.0.0', done))
  try {
    const { port } = other.address()
    for (const host of ['127.0.0.1', '[::]']) {
      const message = `WebRTC ${host}:${port}: another program listens there`
      await assert.rejects(reserveUdpPort(host.replace(/[[\]]/g, ''), port), { code: 'address-in-use', message })
    }
  } finally {
    other.close()
  }
})

test('an address that is not this machine’s is refused', async () => {
  await assert.rejects(reserveUdpPort('192.0.2.1', 0), { code: 'bad-request' })
})

test('a pair is two ports: both are held until both are found, and are free afterwards', async ({ mock }) => {
  const steps: string[] = []
  const { bind } = Socket.prototype
  mock.method(Socket.prototype, 'bind', function (this: Socket, ...args: Parameters<Socket['bind']>) {
    this.once('listening', () => steps.push('held')).once('close', () => steps.push('released'))
    return bind.apply(this, args)
  })
  const [port, next] = await reserveUdpPair('127.0.0.1', 0)
  assert.notEqual(port, next)
  assert.deepEqual(steps, ['held', 'held', 'released', 'released'])
  for (const one of [port, next]) assert.equal(await reserveUdpPort('127.0.0.1', one), one)
})

test('the second of a pair is the next one, and is told of where another program has it', async () => {
  const other = createSocket('udp4')
  await new Promise<void>((done) => other.bind(0, '127.0.0.1', done))
  try {
    const { port } = other.address()
    await assert.rejects(reserveUdpPair('127.0.0.1', port - 1), { code: 'address-in-use' })
  } finally {
    other.close()
  }
})
