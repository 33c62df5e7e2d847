import type { ChatMessage } from '@bandstand/contract/chat/model.ts'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { CHAT_HISTORY } from '@bandstand/contract/limits.ts'
import { printFrame } from './frame.ts'
import { GATHER_MAX, OUTBOX_MAX, SLICE } from './limits.ts'

/** Who is written to. */
export interface Reader {
  /** Frames before this one are in what the reader was told on joining. */
  from: number
  /** Whether it reads the chat, or `channel` events only. */
  readonly chat: boolean
  write(frame: Buffer): void
}

interface Outgoing {
  readonly sequence: number
  readonly frame: Buffer
  readonly chatOnly: boolean
}

/**
 * Readers of one channel. Messages of a short while travel in one frame, made once; readers are written to in slices, so that
 * a large room does not hold up the thread that moves media.
 */
export class Room {
  readonly readers = new Set<Reader>()
  readonly #gather: number
  readonly #history: ChatMessage[]
  #gathered: ChatMessage[] = []
  #timer: NodeJS.Timeout | undefined
  #lastFlush = Number.NEGATIVE_INFINITY
  #sequence = 0
  readonly #outbox: Outgoing[] = []
  #pumping: NodeJS.Immediate | undefined
  /** Frames not sent because the process could not keep up. */
  dropped = 0

  /**
   * @param gather ms in which messages are gathered
   * @param history oldest first
   */
  constructor(gather: number, history: readonly ChatMessage[]) {
    this.#gather = gather
    this.#history = [...history]
  }

  /** Adds a reader and returns what was said before; everything after that is written to it, nothing twice. */
  join(reader: Reader): readonly ChatMessage[] {
    this.#flush()
    reader.from = this.#sequence
    this.readers.add(reader)
    return this.#history
  }

  say(message: ChatMessage): void {
    this.#history.push(message)
    if (this.#history.length > CHAT_HISTORY) this.#history.shift()
    this.#gathered.push(message)
    if (this.#gathered.length >= GATHER_MAX) this.#flush()
    // The first message after a quiet while goes at once.
    else
      this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, this.#lastFlush + this.#gather - performance.now()))
  }

  /** Takes messages away here and on every page. */
  hide(ids: readonly string[]): void {
    const isHidden = new Set(ids)
    const keep = (message: ChatMessage) => !isHidden.has(message.id)
    this.#gathered = this.#gathered.filter(keep)
    this.#history.splice(0, this.#history.length, ...this.#history.filter(keep))
    this.send({ type: 'hidden', ids: [...ids] })
  }

  /** Sends to everybody, after what was said before. */
  send(message: ServerMessage): void {
    this.#flush()
    this.#queue(message)
  }

  /** Messages of this author that are still in memory. */
  saidBy(authorId: string): string[] {
    return this.#history.filter(({ author }) => author.id === authorId).map(({ id }) => id)
  }

  close(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#pumping)
    this.readers.clear()
    this.#outbox.length = 0
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#gathered.length === 0) return
    this.#lastFlush = performance.now()
    const messages = this.#gathered
    this.#gathered = []
    this.#queue({ type: 'messages', messages })
  }

  #queue(message: ServerMessage): void {
    const sequence = this.#sequence++
    if (this.readers.size === 0) return
    if (this.#outbox.length >= OUTBOX_MAX) {
      this.#outbox.shift()
      this.dropped++
    }
    this.#outbox.push({ sequence, frame: printFrame(message), chatOnly: message.type !== 'channel' })
    this.#pumping ??= setImmediate(() => this.#pump())
  }

  #pump(): void {
    const outgoing = this.#outbox.shift()
    if (outgoing === undefined) {
      this.#pumping = undefined
      return
    }
    const readers = this.readers.values()
    const slice = () => {
      for (let i = 0; i < SLICE; i++) {
        const { value: reader, done } = readers.next()
        if (done) {
          this.#pumping = setImmediate(() => this.#pump())
          return
        }
        if (reader.from <= outgoing.sequence && (reader.chat || !outgoing.chatOnly)) reader.write(outgoing.frame)
      }
      this.#pumping = setImmediate(slice)
    }
    slice()
  }
}
