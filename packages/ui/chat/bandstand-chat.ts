import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { type Place, serverOf } from '../channel/address.ts'
import { type Feed, feedOf } from '../channel/feed.ts'
import { messageOf } from '../channel/request.ts'
import { recall, remember } from '../player/preferences.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { banDialog } from './ban-dialog.ts'
import { nameForm, textForm } from './entry-forms.ts'
import { type FindLinks, mayHoldLink } from './links.ts'
import { type Shown, said } from './log.ts'
import { messageLine } from './message-line.ts'
import { banAuthor, hideMessage } from './moderation.ts'
import { closed, emptyRoom, emptyText, type Room, told, waitingFor } from './room.ts'
import { chatStyles } from './styles.ts'

/** Screen readers have taken a history in after so long, and have left it unread; milliseconds. */
const takenIn = 500
/** Closer to the bottom than this (px) the log follows new messages. */
const following = 48

/**
 * The chat of a channel: type a name and talk.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 *
 * | event | |
 * |---|---|
 * | `moderated` | for the studio: messages were hidden, by whomever, or somebody was banned from here |
 *
 * | slot | |
 * |---|---|
 * | `empty` | shown while nobody has said anything |
 *
 * | CSS custom property | |
 * |---|---|
 * | `--bandstand-surface`, `--bandstand-raised`, `--bandstand-line` | backgrounds and lines |
 * | `--bandstand-text`, `--bandstand-muted`, `--bandstand-accent` | text and buttons |
 */
export class BandstandChat extends LitElement {
  static override properties = {
    channel: { type: String },
    server: { type: String },
    _room: { state: true },
    _unread: { state: true },
    _find: { state: true },
    _banning: { state: true },
    _busy: { state: true },
  }
  declare channel: string
  declare server: string
  declare _room: Room
  declare _unread: number
  declare _find: FindLinks | undefined
  /** A message whose author may be banned: it is asked about. Each question has an object, and a dialog, of its own. */
  declare _banning: Shown | undefined
  /** The history comes, which nobody wants read out as if it were said now. */
  declare _busy: boolean

  static override styles = [tokens, buttons, fields, chatStyles]

  #feed: Feed | undefined
  #leave: (() => void) | undefined
  #follow = true
  #count = 0
  /** What was to be sent when the name was asked for. */
  #draft = ''
  /** What stands in the field when the form comes back. */
  #kept = ''

  constructor() {
    super()
    this.channel = ''
    this.server = ''
    this._room = emptyRoom
    this._unread = 0
    this._busy = true
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#leave?.()
    this.#leave = undefined
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#join()
  }

  protected override update(changed: PropertyValues): void {
    const held = this.shadowRoot?.activeElement
    const place = held?.closest('.foot') ? '#text' : '.log'
    super.update(changed)
    // What had the focus has gone, with a hidden message or the form of the name: the keyboard goes on here, not at the page's top.
    if (held?.isConnected === false) this.renderRoot.querySelector<HTMLElement>(place)?.focus()
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('channel') || changed.has('server')) this.#join()
    if (changed.has('_room') && changed.get('_room')?.log !== this._room.log && this.#follow) this.#toBottom()
  }

  #join(): void {
    this.#leave?.()
    if (!this.channel || !this.isConnected) return
    this._busy = true
    const server = serverOf(this.server, location.href)
    this.#feed = feedOf({ server, channel: this.channel })
    const tokenName = `chat-token ${server}`
    this.#leave = this.#feed.join({
      hello: () => {
        const token = recall(tokenName)
        const name = this._room.name ?? recall('chat-name')
        return { type: 'hello', chat: true, ...(token ? { token } : {}), ...(name ? { name } : {}) }
      },
      message: (message) => this.#onMessage(message, tokenName),
      closed: (how) => {
        this._room = closed(this._room, how)
      },
    })
  }

  #change(what: Partial<Room>): void {
    this._room = { ...this._room, ...what }
  }

  #onMessage(message: ServerMessage, tokenName: string): void {
    this._room = told(this._room, message)
    if (message.type === 'welcome') {
      setTimeout(() => {
        this._busy = false
      }, takenIn)
      if (message.you) remember(tokenName, message.you.token)
      this.#findLinks(message.history)
    } else if (message.type === 'messages') {
      if (!this.#follow) this._unread += message.messages.length
      this.#findLinks(message.messages)
    } else if (message.type === 'renamed') {
      // The owner's is the server's to remember: signed out, nobody here may bear it.
      if (!this._room.owner) remember('chat-name', message.name)
      this.#sendDraft()
    } else if (message.type === 'hidden') this.#tellModerated()
  }

  #tellModerated(): void {
    this.dispatchEvent(new CustomEvent('moderated'))
  }

  #findLinks(messages: readonly { readonly text: string }[]): void {
    if (this._find || !messages.some(({ text }) => mayHoldLink(text))) return
    import('linkifyjs').then(
      ({ find }) => {
        this._find = (text) => find(text, { defaultProtocol: 'https' })
      },
      // Links stay plain text until a later message asks again.
      () => undefined,
    )
  }

  /** Sends what was typed before the name was asked for. */
  #sendDraft(): void {
    const text = this.#draft
    this.#draft = ''
    if (text && !this.#say(text)) this.#kept = text
  }

  /** @returns whether it was sent */
  #say(text: string): boolean {
    const clientId = `c${Date.now().toString(36)}${(this.#count++).toString(36)}`
    if (!this.#feed?.send({ type: 'say', text, clientId })) {
      this.#change({ notice: 'Not connected just now. Your text is kept; try again in a moment.' })
      return false
    }
    const field = this.renderRoot.querySelector<HTMLInputElement>('#text')
    if (field) field.value = ''
    this.#follow = true
    this.#change({
      notice: '',
      log: said(this._room.log, {
        id: clientId,
        at: new Date().toISOString(),
        author: { id: '', name: this._room.name ?? '', owner: this._room.owner },
        text,
        clientId,
      }),
    })
    return true
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    const text = this.renderRoot.querySelector<HTMLInputElement>('#text')?.value.trim() ?? ''
    if (!text) return
    if (this._room.name) this.#say(text)
    else this.#askName({ draft: text, kept: '' })
  }

  /** The form of the name takes the place of the text's. */
  #askName({ draft, kept }: { readonly draft: string; readonly kept: string }): void {
    this.#draft = draft
    this.#kept = kept
    this.#change({ naming: true, notice: '' })
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>('#name')?.focus())
  }

  #changeName(): void {
    this.#askName({ draft: '', kept: this.renderRoot.querySelector<HTMLInputElement>('#text')?.value ?? '' })
  }

  #cancelName(): void {
    this.#kept ||= this.#draft
    this.#draft = ''
    this.#change({ naming: false, notice: '' })
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>('#text')?.focus())
  }

  #onName(event: SubmitEvent): void {
    event.preventDefault()
    const name = this.renderRoot.querySelector<HTMLInputElement>('#name')?.value.trim() ?? ''
    if (!name) return
    if (name === this._room.name) {
      this.#change({ naming: false })
      return
    }
    if (!this.#feed?.send({ type: 'rename', name }))
      this.#change({ notice: 'Not connected just now. Try again in a moment.' })
  }

  #onScroll(event: Event): void {
    const log = event.target as HTMLElement
    this.#follow = log.scrollHeight - log.scrollTop - log.clientHeight < following
    if (this.#follow) this._unread = 0
  }

  #toBottom(): void {
    this._unread = 0
    this.#follow = true
    const log = this.renderRoot.querySelector('.log')
    if (log) log.scrollTop = log.scrollHeight
  }

  async #moderate(act: (place: Place) => Promise<void>): Promise<void> {
    if (!this.#feed) return
    try {
      await act(this.#feed.place)
      this.#change({ notice: '' })
    } catch (error) {
      this.#change({ notice: messageOf(error) })
    }
  }

  #onModerate(what: 'hide' | 'ban', message: Shown): void {
    if (what === 'hide') {
      void this.#moderate((place) => hideMessage(place, message.id))
      return
    }
    this._banning = { ...message }
    void this.updateComplete.then(() => this.renderRoot.querySelector('dialog')?.showModal())
  }

  #onBan(asked: Shown, { yes, address }: { readonly yes: boolean; readonly address: boolean }): void {
    // Told a frame after the dialog has closed, when the next one may be open.
    if (this._banning === asked) this._banning = undefined
    if (!yes) return
    const { id } = asked
    void this.#moderate(async (place) => {
      await banAuthor(place, id, address)
      this.#tellModerated()
    })
  }

  #foot() {
    const { stopped, enabled, owner, naming, name, notice } = this._room
    if (stopped) return html`<p class="notice" role="status">${stopped}</p>`
    if (!enabled && !owner) return html`<p class="notice" role="status">The host has closed the chat.</p>`
    if (naming) {
      return nameForm({
        ...{ notice, name: name ?? recall('chat-name') ?? '', sends: this.#draft !== '' },
        onSubmit: (event) => this.#onName(event),
        onCancel: () => this.#cancelName(),
      })
    }
    return textForm({
      ...{ notice, name, text: this.#kept },
      onSubmit: (event) => this.#onSubmit(event),
      onRename: () => this.#changeName(),
    })
  }

  override render() {
    const { log, owner } = this._room
    const { messages } = log
    const waiting = waitingFor(this._room)
    return html`
      <div class="log" role="log" aria-live="polite" aria-busy=${String(this._busy)} aria-label="Chat messages" tabindex="0" @scroll=${(event: Event) => this.#onScroll(event)}>
        ${
          messages.length === 0
            ? html`<slot name="empty"
                ><p class="empty">${emptyText(this._room)}</p></slot
              >`
            : html`<ul>
                ${repeat(
                  messages,
                  (message) => message.id,
                  (message) =>
                    messageLine(message, this._find, owner ? (what) => this.#onModerate(what, message) : undefined),
                )}
              </ul>`
        }
      </div>
      ${
        this._unread > 0
          ? html`<button class="unread primary" type="button" @click=${() => this.#toBottom()}>
              ${this._unread} new message${this._unread === 1 ? '' : 's'} ↓
            </button>`
          : nothing
      }
      ${waiting && messages.length > 0 ? html`<p class="notice" role="status">${waiting}</p>` : nothing}
      <div class="foot">${this.#foot()}</div>
      ${repeat(
        this._banning ? [this._banning] : [],
        (asked) => asked,
        (asked) => banDialog({ name: asked.author.name, onClose: (answer) => this.#onBan(asked, answer) }),
      )}
    `
  }
}

customElements.define('bandstand-chat', BandstandChat)
