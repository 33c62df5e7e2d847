import type { ChatMessage } from '@bandstand/contract/chat/model.ts'

/** The messages on screen. Bounded: the oldest go, and the server keeps the history. */
export interface ChatLog {
  readonly messages: readonly Shown[]
}

export interface Shown extends ChatMessage {
  /** Written here and not yet come back from the server; or refused, with the reason. */
  readonly pending?: boolean
  readonly refused?: string
}

export const shownLimit = 200

export const emptyLog: ChatLog = { messages: [] }

/** Messages from the server: own ones take the place of what was pending, known ones are not added twice. */
export function received(log: ChatLog, incoming: readonly ChatMessage[]): ChatLog {
  const known = new Set(log.messages.map((message) => message.id))
  let messages = [...log.messages]
  for (const message of incoming) {
    if (known.has(message.id)) continue
    known.add(message.id)
    const at =
      message.clientId === undefined
        ? -1
        : messages.findIndex((shown) => shown.pending && shown.clientId === message.clientId)
    if (at >= 0) messages = messages.toSpliced(at, 1)
    messages.push(message)
  }
  return { messages: messages.slice(-shownLimit) }
}

/**
 * The history of a new connection, which replaces all but what the viewer wrote and did not get through. A connection that was
 * lost brings no answer any more: what had not arrived is refused.
 * @param self id of the viewer's chatter; a restarted server knows its messages by that, not by their `clientId`
 */
export function rejoined(log: ChatLog, history: readonly ChatMessage[], self?: string): ChatLog {
  const places = new Map(history.map(({ id }, place) => [id, place]))
  const shown = new Set(log.messages.map(({ id }) => id))
  const fresh = history.filter(({ id }) => !shown.has(id))
  const messages: Shown[] = []
  let next = 0
  for (const message of log.messages) {
    const place = places.get(message.id)
    if (place !== undefined) {
      messages.push(...history.slice(next, place + 1))
      next = Math.max(next, place + 1)
    } else if (message.refused) messages.push(message)
    else if (message.pending) {
      const arrived = fresh.findIndex((said) => isSame(said, message, self))
      if (arrived >= 0) fresh.splice(arrived, 1)
      else messages.push(turnedDown(message, 'the connection was lost'))
    }
  }
  messages.push(...history.slice(next))
  return { messages: messages.slice(-shownLimit) }
}

function isSame(said: ChatMessage, pending: Shown, self: string | undefined): boolean {
  if (said.clientId !== undefined) return said.clientId === pending.clientId
  return said.author.id === self && said.text === pending.text
}

function turnedDown(message: Shown, reason: string): Shown {
  const { pending: _, ...rest } = message
  return { ...rest, refused: reason }
}

export function said(log: ChatLog, message: ChatMessage): ChatLog {
  return { messages: [...log.messages, { ...message, pending: true }].slice(-shownLimit) }
}

export function refused(log: ChatLog, clientId: string, reason: string): ChatLog {
  return {
    messages: log.messages.map((message) =>
      message.pending && message.clientId === clientId ? turnedDown(message, reason) : message,
    ),
  }
}

export function hidden(log: ChatLog, ids: readonly string[]): ChatLog {
  const gone = new Set(ids)
  return { messages: log.messages.filter((message) => !gone.has(message.id)) }
}
