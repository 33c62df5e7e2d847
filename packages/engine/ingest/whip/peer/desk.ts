import { randomInt } from 'node:crypto'
import { createWaking } from '../../../waking.ts'
import type { Answering } from '../../../webrtc/answering.ts'
import { DESK_LIMITS } from '../limits.ts'
import type { FromDesk, ToDesk } from '../messages.ts'
import type { EncoderConnectionOptions } from './connection.ts'
import { createEncoder, type Encoder } from './encoder.ts'

export interface DeskOptions {
  readonly openConnection: (options: Omit<EncoderConnectionOptions, 'port' | 'host'>) => Answering
  /** @param written called when it has left the process. */
  readonly say: (message: FromDesk, written?: () => void) => void
  /** Packets are missing: `step` is to be called. */
  readonly onWaiting: () => void
  /** Milliseconds of a steady clock. */
  readonly now: () => number
}

/** All encoders in the process. */
export interface Desk {
  handle(message: ToDesk): void
  /** Called every few milliseconds while `isBusy`. */
  step(): void
  readonly isBusy: boolean
  /** Reports to encoders, and who has to go; called every `arrivalsMs`. */
  tick(): void
  /** Tells the server how encoders fare. */
  report(): void
  /** Closes all connections. */
  close(): void
  readonly encoders: number
}

interface Guest {
  readonly session: string
  readonly encoder: Encoder
  readonly connection: Answering
  readonly since: number
  isOpen: boolean
  why: string
  fault: string | undefined
}

export function createDesk({ openConnection, say, onWaiting, now }: DeskOptions): Desk {
  const guests = new Map<string, Guest>()
  const wokenAt = createWaking(DESK_LIMITS.arrivalsMs)
  /** Bytes of media that the server has not been given yet. */
  let sending = 0

  function receive(message: Extract<ToDesk, { kind: 'receive' }>): void {
    const { session, sdp, video, audio, bitrate } = message
    const mids = [...video, ...(audio ? [audio] : [])].map(({ mid }) => mid)
    const cname = session.slice(0, 16)
    let guest: Guest | undefined
    try {
      const connection = openConnection({
        id: session,
        offer: sdp,
        ...{ video, ...(audio && { audio }) },
        onAnswer: (answer) => say({ kind: 'receiving', session, sdp: answer }),
        onOpen() {
          if (guest === undefined) return
          guest.isOpen = true
          say({ kind: 'connected', session })
        },
        onPacket(mid, packet) {
          if (guest === undefined) return
          guest.encoder.packet(mid, packet, now())
          if (guest.encoder.isWaiting) onWaiting()
        },
        onClosed() {
          if (guest === undefined || !guests.delete(session)) return
          const { why, fault } = guest
          say({ kind: 'gone', session, reason: why, ...(fault !== undefined && { fault }) })
        },
      })
      const encoder: Encoder = createEncoder(
        {
          ...{ session, cname, ssrc: randomInt(1, 2 ** 32), video, ...(audio && { audio }), bitrate },
          write: (packet) => connection.write(mids[0] ?? '', packet),
          onUnit(source, unit) {
            const bytes = unit.data.byteLength
            if (sending + bytes > DESK_LIMITS.sendingBytes) return encoder.spoil(source)
            sending += bytes
            say({ kind: 'received', session, source, ...unit }, () => {
              sending -= bytes
            })
          },
        },
        now(),
      )
      guest = { session, encoder, connection, since: now(), isOpen: false, why: 'it went', fault: undefined }
      guests.set(session, guest)
    } catch (error) {
      say({ kind: 'unreceivable', session, reason: (error as Error).message })
    }
  }

  function end(guest: Guest, why: string): void {
    guest.why = why
    guest.connection.close()
  }

  return {
    handle(message) {
      if (message.kind === 'receive') return receive(message)
      const guest = guests.get(message.session)
      if (guest !== undefined) end(guest, 'it was dismissed')
    },
    step() {
      const at = now()
      for (const { encoder } of guests.values()) encoder.step(at)
    },
    get isBusy() {
      for (const { encoder } of guests.values()) if (encoder.isWaiting) return true
      return false
    },
    tick() {
      const at = now()
      const woken = wokenAt(at)
      for (const guest of [...guests.values()]) {
        const { encoder, isOpen, since } = guest
        if (!isOpen) {
          if (at - Math.max(since, woken) > DESK_LIMITS.connectMs) end(guest, 'it did not connect')
          continue
        }
        encoder.tick(at)
        guest.fault = encoder.fault
        if (guest.fault !== undefined) end(guest, guest.fault)
        else if (at - Math.max(encoder.heardAt, since, woken) > DESK_LIMITS.silenceMs) end(guest, 'nothing came of it')
      }
    },
    report() {
      if (guests.size === 0) return
      const at = now()
      const sessions = [...guests.values()].map(({ session, encoder, isOpen }) => ({
        ...{ session, connected: isOpen, ...encoder.report(at) },
      }))
      say({ kind: 'receptions', sessions })
    },
    close() {
      for (const guest of [...guests.values()]) end(guest, 'the server is stopping')
    },
    get encoders() {
      return guests.size
    },
  }
}
