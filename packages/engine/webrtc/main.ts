/** The WebRTC process: everything that native code could take down with it. Started by `supervisor.ts`, ends with its server. */
import { cleanup, IceUdpMuxListener, initLogger, preload } from 'node-datachannel'
import { PEER_LIMITS } from '../egress/webrtc/limits.ts'
import { openConnection } from '../egress/webrtc/peer/connection.ts'
import { createRoom } from '../egress/webrtc/peer/room.ts'
import { EngineError } from '../error.ts'
import { DESK_LIMITS } from '../ingest/whip/limits.ts'
import { openEncoderConnection } from '../ingest/whip/peer/connection.ts'
import { createDesk } from '../ingest/whip/peer/desk.ts'
import { PROCESS_LIMITS } from './limits.ts'
import type { FromProcess, ToProcess } from './messages.ts'
import { createRelayPort, type RelayPort } from './relay-port.ts'

const [host = '0.0.0.0', portText = '0', relayPortText] = process.argv.slice(2)
const port = Number(portText)
const now = () => performance.now()

function say(message: FromProcess, written = () => {}): void {
  if (process.connected) process.send?.(message, written)
}

// Ctrl-C reaches every process of the terminal's group; the server says when it is time.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

initLogger('Error', (level, message) => process.stderr.write(`${level}: ${message}\n`))
preload()

let listener: IceUdpMuxListener | undefined
let relayPort: RelayPort | undefined

const room = createRoom({
  openConnection: (options) => openConnection({ ...(relayPort?.admit(options) ?? options), port, host }),
  say,
  onBehind: () => keepStepping(),
  now,
  wallClock: () => performance.timeOrigin + performance.now(),
})

const desk = createDesk({
  openConnection: (options) => openEncoderConnection({ ...(relayPort?.admit(options) ?? options), port, host }),
  say,
  onWaiting: () => keepLooking(),
  now,
})

let looker: NodeJS.Timeout | undefined
/** Runs while packets of an encoder are missing. */
function keepLooking(): void {
  if (looker !== undefined) return
  looker = setInterval(() => {
    desk.step()
    if (desk.isBusy) return
    clearInterval(looker)
    looker = undefined
  }, DESK_LIMITS.stepMs)
}

let stepper: NodeJS.Timeout | undefined
/** Runs while somebody has to be brought up to the live edge. */
function keepStepping(): void {
  if (stepper !== undefined) return
  stepper = setInterval(() => {
    room.step()
    if (room.isBusy) return
    clearInterval(stepper)
    stepper = undefined
  }, PEER_LIMITS.stepMs)
}

const ticker = setInterval(() => {
  room.tick()
  desk.report()
}, PROCESS_LIMITS.reportMs)
const deskTicker = setInterval(() => desk.tick(), DESK_LIMITS.arrivalsMs)

function stop(): void {
  clearInterval(ticker)
  clearInterval(deskTicker)
  room.close()
  desk.close()
  const begun = performance.now()
  const leaving = setInterval(() => {
    const peers = room.viewers + desk.encoders
    if (peers > 0 && performance.now() - begun < PROCESS_LIMITS.goodbyeMs) return
    clearInterval(leaving)
    clearInterval(stepper)
    clearInterval(looker)
    relayPort?.close()
    listener?.stop()
    // With connections left it would crash; the process ends anyway.
    if (peers === 0) cleanup()
    process.exit(0)
  }, 20)
}

process.on('message', (message: ToProcess) => {
  if (message.kind === 'stop') return stop()
  if (message.kind === 'receive' || message.kind === 'dismiss') desk.handle(message)
  else room.handle(message)
})
// The server is gone, however it went.
process.on('disconnect', stop)

if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new EngineError('bad-request', `no port: ${portText}`)
holdPort()

/**
 * The port is ours from now on, with or without viewers: an answer made while another program has it would end the process, and
 * nothing could catch that.
 */
function holdPort(): void {
  try {
    listener = new IceUdpMuxListener(port, host)
  } catch {
    return fail(port)
  }
  const ready = () => say({ kind: 'ready', host, port })
  if (relayPortText === undefined) return ready()
  const second = Number(relayPortText)
  relayPort = createRelayPort({ host, port: second, to: port, now, onOpen: ready, onError: () => fail(second) })
}

function fail(taken: number): void {
  const reason = `UDP port ${taken} of ${host} is taken by another program`
  process.send?.({ kind: 'failed', reason } satisfies FromProcess, () => process.exit(1))
}
