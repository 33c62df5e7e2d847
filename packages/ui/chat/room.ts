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
  /** Banned, or no such channel, in words: there is nothing to write in. */
  readonly stopped: string
  /** It is a ban that has stopped it, which may be lifted. */
  readonly banned: boolean
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
  banned: false,
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
      const notice = room.banned && settings.enabled ? 'The ban was lifted. You can write again.' : room.notice
      const { enabled } = settings
      return { ...room, ...chatter, log, enabled, notice, connected: true, failures: 0, stopped: '', banned: false }
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
      return { ...room, stopped: message.text, banned: true }
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
  const failures = how.opened ? 0 : room.failures + 1
  const next = { ...room, connected: false, failures }
  if (how.code === CLOSE_BANNED)
    return { ...next, stopped: room.stopped || 'You cannot write in this chat.', banned: true }
  return how.final ? { ...next, stopped: 'This channel is gone.', banned: false } : next
}

/** After so many failures, some seconds, it is more than a server that is started again. */
const manyFailures = 5

/** What a room without a connection waits for, in words; empty where it has one or waits for none. A browser does not tell a page why a socket was refused. */
export function waitingFor({ connected, failures, log, stopped }: Room): string {
  if (connected || stopped) return ''
  if (failures >= manyFailures)
    return 'The chat cannot be reached: the server is away, or there are too many connections from your network. Trying again …'
  return log.messages.length > 0 ? 'Connection lost. Joining again …' : 'Joining the chat …'
}

/** What stands in the place of messages while there are none. */
export function emptyText(room: Room): string {
  // Who cannot write is not asked to.
  return room.stopped ? '' : waitingFor(room) || 'Nobody has said anything yet. Be the first.'
}
