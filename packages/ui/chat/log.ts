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

/** The history of a new connection, which replaces all but what is still on its way. */
export function rejoined(log: ChatLog, history: readonly ChatMessage[]): ChatLog {
  const pending = log.messages.filter((message) => message.pending || message.refused)
  return received({ messages: pending }, history)
}

export function said(log: ChatLog, message: ChatMessage): ChatLog {
  return { messages: [...log.messages, { ...message, pending: true }].slice(-shownLimit) }
}

export function refused(log: ChatLog, clientId: string, reason: string): ChatLog {
  const messages = log.messages.map((message): Shown => {
    if (!message.pending || message.clientId !== clientId) return message
    const { pending: _, ...rest } = message
    return { ...rest, refused: reason }
  })
  return { messages }
}

export function hidden(log: ChatLog, ids: readonly string[]): ChatLog {
  const gone = new Set(ids)
  return { messages: log.messages.filter((message) => !gone.has(message.id)) }
}
