import { CLOSE_BANNED } from '@bandstand/contract/chat/close.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { type ChatLog, emptyLog, hidden, received, refused, rejoined } from './log.ts'

/** A chat as one chatter sees it. */
export interface Room {
  readonly log: ChatLog
  /** The chatter's name; `undefined` until one has been chosen. */
  readonly name: string | undefined
  /** The chatter is signed in as the channel's owner. */
  readonly owner: boolean
  /** The owner lets people write. */
  readonly enabled: boolean
  readonly connected: boolean
  /** Connections in a row that did not open. */
  readonly failures: number
  /** Banned, or no such channel, in words: it does not connect again by itself. */
  readonly stopped: string
  /** What went wrong with the last thing done, in words. */
  readonly notice: string
  /** The form asks for a name. */
  readonly naming: boolean
}

export const emptyRoom: Room = {
  log: emptyLog,
  name: undefined,
  owner: false,
  enabled: true,
  connected: false,
  failures: 0,
  stopped: '',
  notice: '',
  naming: false,
}

/** What a message of the server makes of a room. */
export function told(room: Room, message: ServerMessage): Room {
  switch (message.type) {
    case 'welcome': {
      const { you, history, settings } = message
      const chatter = you ? { name: you.name ?? undefined, owner: you.owner } : {}
      const log = rejoined(room.log, history, you?.id)
      return { ...room, ...chatter, log, enabled: settings.enabled, connected: true, failures: 0, stopped: '' }
    }
    case 'messages':
      return { ...room, log: received(room.log, message.messages) }
    case 'renamed':
      return { ...room, name: message.name, naming: false, notice: '' }
    case 'hidden':
      return { ...room, log: hidden(room.log, message.ids) }
    case 'settings':
      return { ...room, enabled: message.settings.enabled }
    case 'banned':
      return { ...room, stopped: message.text }
    case 'error':
      if (message.clientId === undefined) return { ...room, notice: message.text }
      return { ...room, log: refused(room.log, message.clientId, message.text) }
    case 'channel':
    case 'pong':
      // The feed deals with these.
      return room
  }
}

/** What the end of a connection makes of a room. @param how `final` where no other one is tried, `opened` where there was one */
export function closed(
  room: Room,
  how: { readonly code: number; readonly final: boolean; readonly opened: boolean },
): Room {
  const why = how.code === CLOSE_BANNED ? 'You cannot write in this chat.' : 'This channel is gone.'
  const failures = how.opened ? 0 : room.failures + 1
  return { ...room, connected: false, failures, stopped: how.final ? room.stopped || why : room.stopped }
}

/** After so many failures, some seconds, it is more than a server that is started again. */
const manyFailures = 5

/** What a room without a connection waits for, in words. A browser does not tell a page why a socket was refused. */
export function waitingFor({ connected, failures, log }: Room): string {
  if (connected) return ''
  if (failures >= manyFailures)
    return 'The chat cannot be reached: the server is away, or there are too many connections from your network. Trying again …'
  return log.messages.length > 0 ? 'Connection lost. Joining again …' : 'Joining the chat …'
}
