import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { access, constants, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { whyUnbound } from '@bandstand/engine/bind-error.ts'
import { isPublic } from '@bandstand/engine/remote/address.ts'
import { makeFolder, whyUnusable } from '@bandstand/engine/store/folder.ts'
import { reserveUdpPair, reserveUdpPort } from '@bandstand/engine/webrtc/port.ts'
import { findFfmpeg } from '../ffmpeg.ts'
import { type ListenAddress, printAddress } from '../settings/address.ts'
import { rtmpsAddress } from '../settings/rtmps.ts'
import type { Settings } from '../settings/schema.ts'
import { isTurnByTcp } from '../settings/webrtc.ts'
import { readTls } from '../tls.ts'
import type { Finding } from './finding.ts'
import { hlsSources } from './hls-sources.ts'
import { examinePublishHook } from './publish-hook.ts'

/** Says in plain words what is missing or misconfigured on this machine. @returns 1 when something is in the way. */
export async function doctor(settings: Settings, print: (line: string) => void): Promise<number> {
  const examined = await Promise.all([
    dataFolder(settings),
    port('HTTP', settings.http, 'http'),
    port('RTMP', settings.rtmp, 'rtmp'),
    rtmps(settings),
    srt(settings),
    webrtc(settings),
    certificate(settings),
    examinePublishHook(settings),
    hlsSources(settings.hlsSources),
  ])
  // One that is too old does not come this far: see `bandstand.mjs`.
  const node: Finding = { level: 'ok', text: `Node ${process.versions.node}` }
  const findings = [node, ...examined.flat(), ffmpeg(settings)]
  const marks = { ok: ' ok  ', note: 'note ', problem: '  !! ' } as const
  for (const { level, text } of findings) print(`${marks[level]} ${text}`)
  const problems = findings.filter(({ level }) => level === 'problem').length
  print(problems === 0 ? 'Ready to start.' : `${problems} to mend before a start.`)
  return problems === 0 ? 0 : 1
}

async function dataFolder({ data, recording, recordingMaxGb }: Settings): Promise<Finding[]> {
  try {
    await makeFolder(data, 0o700)
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = await statfs(data)
    const free = (bavail * bsize) / 1e9
    const found: Finding[] = [{ level: 'ok', text: `data folder ${data} can be written` }]
    if (recording && free < recordingMaxGb) {
      found.push({
        level: 'note',
        text: `${free.toFixed(1)} GB free, but recordings may take ${recordingMaxGb} GB: lower --recording-max-gb or free some disk`,
      })
    }
    return found
  } catch (error) {
    return [
      {
        level: 'problem',
        text: `data folder ${data} cannot be used: ${whyUnusable(error)}. Choose another with --data`,
      },
    ]
  }
}

async function port(what: string, address: ListenAddress, flag: string): Promise<Finding> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ ...address, exclusive: true }, resolve)
    })
    return { level: 'ok', text: `${what} address ${printAddress(address)} is free` }
  } catch (error) {
    return {
      level: 'problem',
      text: `${what} address ${printAddress(address)}: ${whyUnbound(error)}; choose another with --${flag}`,
    }
  } finally {
    server.close()
  }
}

async function rtmps(settings: Settings): Promise<Finding[]> {
  const address = rtmpsAddress(settings)
  if (address !== undefined) return [await port('RTMPS', address, 'rtmps')]
  if (settings.tlsCert === undefined) return []
  return [{ level: 'note', text: 'RTMPS is off: encoders send without encryption (--rtmps)' }]
}

async function srt({ srt: address }: Settings): Promise<Finding> {
  if (address === 'off') return { level: 'note', text: 'SRT is off: encoders come by RTMP (--srt)' }
  const socket = createSocket(address.host.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind({ address: address.host, port: address.port, exclusive: true }, resolve)
    })
    const text = `SRT address ${printAddress(address)} is free; the firewall has to let its UDP through`
    return { level: 'ok', text }
  } catch (error) {
    const text = `SRT address ${printAddress(address)}: ${whyUnbound(error)}; choose another with --srt`
    return { level: 'problem', text }
  } finally {
    socket.close()
  }
}

async function webrtc({ webrtc: address, webrtcAddresses, iceServers }: Settings): Promise<Finding[]> {
  if (address === 'off')
    return [
      { level: 'note', text: 'WebRTC is off: nobody watches in real time, or goes live from a browser (--webrtc)' },
    ]
  const found: Finding[] = []
  const isPair = iceServers.some(isTurnByTcp)
  try {
    await (isPair ? reserveUdpPair : reserveUdpPort)(address.host, address.port)
    const next = isPair ? ', and the next one, which the TURN server has to reach' : ''
    found.push({
      level: 'ok',
      text: `WebRTC address ${printAddress(address)} is free${next}; the firewall has to let its UDP through`,
    })
  } catch (error) {
    found.push({ level: 'problem', text: `${(error as Error).message}; choose another with --webrtc` })
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

async function certificate(settings: Settings): Promise<Finding> {
  const { tlsCert, publicUrl } = settings
  if (tlsCert === undefined) {
    return publicUrl?.startsWith('https:') === true
      ? { level: 'ok', text: `TLS is expected from the reverse proxy in front of ${publicUrl}` }
      : {
          level: 'note',
          text: 'no certificate: browsers play over HTTP/1.1; Apple devices want HTTP/2 for low latency (--tls-cert, --tls-key)',
        }
  }
  try {
    const { validTo, subject } = new X509Certificate((await readTls(settings))?.cert ?? '')
    const days = (Date.parse(validTo) - Date.now()) / 86_400_000
    if (days < 0) return { level: 'problem', text: `certificate ${tlsCert} expired on ${validTo}` }
    return {
      level: days < 14 ? 'note' : 'ok',
      text: `certificate for ${subject.replaceAll('\n', ', ')} is valid until ${validTo}`,
    }
  } catch (error) {
    return { level: 'problem', text: (error as Error).message }
  }
}

function ffmpeg({ ffmpeg: named }: Settings): Finding {
  const path = findFfmpeg(named)
  if (path !== undefined) return { level: 'ok', text: `ffmpeg found: ${path}` }
  const text =
    'not found: the stream is passed on as it is, but there are no pictures of it (install ffmpeg, or --ffmpeg PATH)'
  return { level: 'note', text: `${named} ${text}` }
}
