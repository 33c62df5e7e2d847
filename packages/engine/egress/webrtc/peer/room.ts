import { randomInt } from 'node:crypto'
import { MediaError } from '@bandstand/media/error.ts'
import { createWaking } from '../../../waking.ts'
import { PROCESS_LIMITS } from '../../../webrtc/limits.ts'
import { WEBRTC_LIMITS } from '../limits.ts'
import type { AnsweredMedia, FromRoom, ToRoom } from '../messages.ts'
import type { Connection, ConnectionOptions } from './connection.ts'
import { createExtensionBlocks } from './extensions.ts'
import type { RtpSource } from './sender.ts'
import { createPeerStream, type PeerStream } from './stream.ts'
import { createViewer, type Viewer } from './viewer.ts'

export interface RoomOptions {
  readonly openConnection: (options: Omit<ConnectionOptions, 'port' | 'host'>) => Connection
  readonly say: (message: FromRoom) => void
  /** Someone has fallen behind: `step` is to be called. */
  readonly onBehind: () => void
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** Unix milliseconds. */
  readonly wallClock: () => number
}

/** Everything in the process: streams and their viewers. */
export interface Room {
  handle(message: ToRoom): void
  /** Sends what is due; called every few milliseconds while `isBusy`. */
  step(): void
  /** Someone is behind and `step` has something to do. */
  readonly isBusy: boolean
  /** Sender reports, reaping, and the report to the server; called every `reportMs`. */
  tick(): void
  /** Closes all connections. */
  close(): void
  readonly viewers: number
}

interface Seat {
  readonly viewer: Viewer
  readonly connection: Connection
  stream: number
  /** Where its pictures or its sound may still come from until the pictures of `stream` begin: it may change its mind before they do. */
  readonly leaving: Set<Stage>
  readonly since: number
  isOpen: boolean
  why: string
}

interface Stage {
  readonly stream: PeerStream
  /** Those who are on it or go over to it. */
  readonly seats: Set<Seat>
}

export function createRoom({ openConnection, say, onBehind, now, wallClock }: RoomOptions): Room {
  const stages = new Map<number, Stage>()
  const seats = new Map<string, Seat>()
  const wokenAt = createWaking(PROCESS_LIMITS.reportMs)
  const behind = new Set<Seat>()
  const extensions = createExtensionBlocks()
  /** Of viewers that are gone. */
  let packets = 0
  let resent = 0
  let refused = 0

  function sit(message: Extract<ToRoom, { kind: 'offer' }>): void {
    const { session, stream, sdp } = message
    const stage = stages.get(stream)
    if (stage === undefined || seats.has(session)) {
      say({ kind: 'refused', session, fault: 'stream', reason: 'the stream is not there' })
      return
    }
    const video = message.video && sourceOf(message.video)
    const audio = message.audio && sourceOf(message.audio)
    const cname = session.slice(0, 16)
    let seat: Seat | undefined
    try {
      const connection = openConnection({
        id: session,
        cname,
        offer: sdp,
        ...(video && { video }),
        ...(audio && { audio }),
        onAnswer: (answer) => say({ kind: 'answer', session, sdp: answer }),
        onOpen: () => {
          if (seat !== undefined) begin(seat)
        },
        onRtcp: (datagram) => {
          if (seat === undefined) return
          seat.viewer.rtcp(datagram, now(), wallClock())
          settle(seat)
        },
        onClosed: () => {
          if (seat !== undefined) leave(seat)
        },
      })
      const viewer = createViewer({
        session,
        cname,
        ...(video && { video }),
        ...(audio && { audio }),
        extensions,
        write: connection.write,
      })
      seat = { viewer, connection, stream, leaving: new Set(), since: now(), isOpen: false, why: 'the viewer left' }
      seats.set(session, seat)
      stage.seats.add(seat)
    } catch (error) {
      say({ kind: 'refused', session, fault: 'offer', reason: (error as Error).message })
    }
  }

  function begin(seat: Seat): void {
    const stage = stages.get(seat.stream)
    if (stage === undefined) return
    seat.isOpen = true
    seat.viewer.start(stage.stream, now())
    seat.viewer.step(now())
    seat.viewer.sendReport(wallClock())
    settle(seat)
  }

  function settle(seat: Seat): void {
    if (!seat.viewer.isBehind) behind.delete(seat)
    else if (!behind.has(seat)) {
      behind.add(seat)
      onBehind()
    }
  }

  function end(seat: Seat, why: string): void {
    seat.why = why
    seat.connection.close()
  }

  function leave(seat: Seat): void {
    const { session } = seat.viewer
    if (!seats.delete(session)) return
    behind.delete(seat)
    for (const stage of stages.values()) stage.seats.delete(seat)
    packets += seat.viewer.packets
    resent += seat.viewer.resent
    refused += seat.viewer.refused
    say({ kind: 'closed', session, reason: seat.why })
  }

  function go(seat: Seat | undefined, to: number, isUrgent: boolean): void {
    const stage = stages.get(to)
    if (seat === undefined || stage === undefined) return
    const before = stages.get(seat.stream)
    if (before === stage) return
    if (before !== undefined) seat.leaving.add(before)
    seat.leaving.delete(stage)
    seat.stream = to
    stage.seats.add(seat)
    if (!seat.isOpen) return
    seat.viewer.switchTo(stage.stream, now(), isUrgent)
    settle(seat)
  }

  function picture({ stream, data, time, key }: Extract<ToRoom, { kind: 'picture' }>): void {
    const stage = stages.get(stream)
    if (stage === undefined) return
    const first = stage.stream.picture(data, time, key, now())
    for (const seat of stage.seats) {
      if (!seat.isOpen) continue
      // Each packet says when it left: a picture for hundreds of viewers takes its time.
      seat.viewer.picture(stage.stream, first, key, now())
      settle(seat)
      if (!key || seat.stream !== stream) continue
      for (const left of seat.leaving) left.seats.delete(seat)
      seat.leaving.clear()
    }
  }

  function sound({ stream, data, time }: Extract<ToRoom, { kind: 'sound' }>): void {
    const stage = stages.get(stream)
    if (stage === undefined) return
    const number = stage.stream.sound(data, time, now())
    for (const seat of stage.seats) if (seat.isOpen) seat.viewer.sound(stage.stream, number, now())
  }

  function close(stream: number, why: string): void {
    const stage = stages.get(stream)
    stages.delete(stream)
    for (const seat of stage?.seats ?? []) if (seat.stream === stream) end(seat, why)
  }

  /** One stream's fault must not end the viewers of all. */
  function play(message: Extract<ToRoom, { kind: 'epoch' | 'picture' | 'sound' }>): void {
    try {
      if (message.kind === 'epoch') stages.get(message.stream)?.stream.epoch(message.decoderConfig)
      else if (message.kind === 'picture') picture(message)
      else sound(message)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      const { stream } = message
      close(stream, 'the stream cannot be sent')
      say({ kind: 'unsendable', stream, reason: error.message })
    }
  }

  return {
    handle(message) {
      switch (message.kind) {
        case 'offer':
          return sit(message)
        case 'switch':
          return go(seats.get(message.session), message.stream, message.isUrgent)
        case 'probe': {
          const seat = seats.get(message.session)
          if (seat?.isOpen !== true) return
          seat.viewer.probe(message.bitrate, now())
          return settle(seat)
        }
        case 'leave': {
          const seat = seats.get(message.session)
          if (seat !== undefined) end(seat, 'the viewer left')
          return
        }
        case 'open':
          stages.set(message.stream, { stream: createPeerStream(wallClock), seats: new Set() })
          return
        case 'close':
          return close(message.stream, 'the stream ended')
        case 'epoch':
        case 'picture':
        case 'sound':
          return play(message)
      }
    },
    step() {
      const at = now()
      for (const seat of behind) {
        seat.viewer.step(at)
        settle(seat)
      }
    },
    get isBusy() {
      return behind.size > 0
    },
    tick() {
      const at = now()
      const wall = wallClock()
      const woken = wokenAt(at)
      let allPackets = packets
      let allResent = resent
      let allRefused = refused
      const viewers = []
      for (const seat of seats.values()) {
        const { viewer, isOpen, leaving } = seat
        const stream = leaving.size === 0 ? seat.stream : undefined
        if (!isOpen && at - Math.max(seat.since, woken) > WEBRTC_LIMITS.connectMs) end(seat, 'it did not connect')
        else if (isOpen && at - Math.max(viewer.heardAt, woken) > WEBRTC_LIMITS.silenceMs)
          end(seat, 'nothing was heard of it')
        if (isOpen) viewer.sendReport(wall)
        allPackets += viewer.packets
        allResent += viewer.resent
        allRefused += viewer.refused
        viewers.push({ session: viewer.session, connected: isOpen, stream, ...viewer.takeReport(at) })
      }
      say({ kind: 'report', viewers, packets: allPackets, resent: allResent, refused: allRefused })
    },
    close() {
      for (const seat of seats.values()) end(seat, 'the server is stopping')
    },
    get viewers() {
      return seats.size
    },
  }
}

function sourceOf(media: AnsweredMedia): RtpSource {
  return {
    ssrc: randomInt(1, 2 ** 32),
    media,
    timestampOffset: randomInt(0, 2 ** 32),
    firstSequence: randomInt(0, 2 ** 15),
    ...(media.retransmission !== undefined && {
      retransmission: {
        payloadType: media.retransmission,
        ssrc: randomInt(1, 2 ** 32),
        firstSequence: randomInt(0, 2 ** 15),
      },
    }),
  }
}
