import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { whyUnbound } from '@bandstand/engine/bind-error.ts'
import { EngineError } from '@bandstand/engine/error.ts'
import { isPublic } from '@bandstand/engine/remote/address.ts'
import { reserveUdpPair, reserveUdpPort } from '@bandstand/engine/webrtc/port.ts'
import { type ListenAddress, printAddress } from '../settings/address.ts'
import { rtmpsAddress } from '../settings/rtmps.ts'
import type { Settings } from '../settings/schema.ts'
import { isTurnByTcp } from '../settings/webrtc.ts'
import type { Finding } from './finding.ts'

/**
 * Whether the server can listen where it is told to.
 *
 * @param isRunning the server of this data folder holds its addresses already
 */
export async function examinePorts(settings: Settings, isRunning: boolean): Promise<Finding[]> {
  const found = await Promise.all([
    tcp('HTTP', settings.http, 'http', isRunning),
    tcp('RTMP', settings.rtmp, 'rtmp', isRunning),
    rtmps(settings, isRunning),
    srt(settings, isRunning),
    webrtc(settings, isRunning),
  ])
  return found.flat()
}

async function tcp(what: string, address: ListenAddress, flag: string, isRunning: boolean): Promise<Finding> {
  const named = `${what} address ${printAddress(address)}`
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ ...address, exclusive: true }, resolve)
    })
    return { level: 'ok', text: `${named} is free` }
  } catch (error) {
    if (isRunning && isInUse(error)) return usedByRunning(named)
    return { level: 'problem', text: `${named}: ${whyUnbound(error)}; choose another with --${flag}` }
  } finally {
    server.close()
  }
}

async function rtmps(settings: Settings, isRunning: boolean): Promise<Finding[]> {
  const address = rtmpsAddress(settings)
  if (address !== undefined) return [await tcp('RTMPS', address, 'rtmps', isRunning)]
  if (settings.tlsCert === undefined) return []
  return [{ level: 'note', text: 'RTMPS is off: encoders send without encryption (--rtmps)' }]
}

async function srt({ srt: address }: Settings, isRunning: boolean): Promise<Finding> {
  if (address === 'off') return { level: 'note', text: 'SRT is off: encoders come by RTMP (--srt)' }
  const named = `SRT address ${printAddress(address)}`
  const socket = createSocket(address.host.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind({ address: address.host, port: address.port, exclusive: true }, resolve)
    })
    return { level: 'ok', text: `${named} is free; the firewall has to let its UDP through` }
  } catch (error) {
    if (isRunning && isInUse(error)) return usedByRunning(named)
    return { level: 'problem', text: `${named}: ${whyUnbound(error)}; choose another with --srt` }
  } finally {
    socket.close()
  }
}

async function webrtc(
  { webrtc: address, webrtcAddresses, iceServers }: Settings,
  isRunning: boolean,
): Promise<Finding[]> {
  if (address === 'off')
    return [
      { level: 'note', text: 'WebRTC is off: nobody watches in real time, or goes live from a browser (--webrtc)' },
    ]
  const named = `WebRTC address ${printAddress(address)}`
  const found: Finding[] = []
  const isPair = iceServers.some(isTurnByTcp)
  try {
    await (isPair ? reserveUdpPair : reserveUdpPort)(address.host, address.port)
    const next = isPair ? ', and the next one, which the TURN server has to reach' : ''
    found.push({ level: 'ok', text: `${named} is free${next}; the firewall has to let its UDP through` })
  } catch (error) {
    if (isRunning && isInUse(error)) found.push(usedByRunning(named))
    else found.push({ level: 'problem', text: `${(error as Error).message}; choose another with --webrtc` })
  }
  const own = Object.values(networkInterfaces()).flatMap((all) => all?.map((one) => one.address) ?? [])
  if (webrtcAddresses.length === 0 && !own.some(isPublic)) {
    found.push({
      level: 'note',
      text: 'this machine has no public address of its own: viewers and browsers that go live from outside need the one they reach it by (--webrtc-addresses)',
    })
  }
  return found
}

/** Whose socket it is cannot be asked everywhere: with the settings of the running server it is its own. */
function usedByRunning(named: string): Finding {
  return { level: 'ok', text: `${named} is in use, as it is to be while that server runs with these settings` }
}

function isInUse(error: unknown): boolean {
  if (error instanceof EngineError) return error.code === 'address-in-use'
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
}
