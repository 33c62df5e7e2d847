import type { Latency } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { sentence } from '../channel/sentence.ts'
import { tokens } from '../style/tokens.ts'
import { type Transport, transports } from './choice/transport.ts'
import type { Choice } from './choice/view.ts'
import { againText, automaticName, failureText, protocolName, transportName } from './choice/words.ts'
import { type Qualities, qualityName, type Sound } from './qualities.ts'
import { menuStyles } from './settings-menu-styles.ts'
import { behindText } from './time-text.ts'

/** What the viewer may set, and how it stands. */
export interface Settings {
  readonly qualities: Qualities | undefined
  /** How the live edge is played; `undefined` for a recording. */
  readonly choice: Choice | undefined
  /** The channel's own setting. */
  readonly latency: Latency
  /** What the viewer has chosen instead. */
  readonly forced: Transport | undefined
  /** Seconds behind live, to be read; `undefined` while it is not known. */
  readonly delay: number | undefined
}

/**
 * Quality, sound and delay: a button with a menu above it. Inside the player only: `<bandstand-settings-menu>`.
 *
 * | property | |
 * |---|---|
 * | `settings` | see `Settings` |
 *
 * | event | detail |
 * |---|---|
 * | `transport` | the transport that the viewer wants, or `undefined` for the automatic choice |
 * | `opened` | whether the menu is open |
 *
 * Arrow keys, Home and End move, Space and Enter choose, Escape and Tab close.
 */
export class SettingsMenu extends LitElement {
  static override properties = { settings: { attribute: false }, _open: { state: true } }
  declare settings: Settings | undefined
  declare _open: boolean
  static override styles = [tokens, menuStyles]

  constructor() {
    super()
    this._open = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('pointerdown', this.#onPointer)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('pointerdown', this.#onPointer)
    // The controls go with the picture, and who was told that it is open would wait for its end.
    this.#set(false)
  }

  readonly #onPointer = (event: Event): void => {
    if (this._open && !event.composedPath().includes(this)) this.#set(false)
  }

  get #button(): HTMLElement | null {
    return this.renderRoot.querySelector('#button')
  }

  get #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role=menuitemradio]')]
  }

  /** The item with the focus, or nothing. */
  get #at(): number {
    return this.#items.indexOf(this.shadowRoot?.activeElement as HTMLElement)
  }

  protected override update(changed: PropertyValues): void {
    const stoodOn = this.#items[this.#at]
    const [name, group] = [stoodOn?.textContent, groupOf(stoodOn)]
    super.update(changed)
    if (stoodOn === undefined) return
    // Renditions come and go while it is open: what the viewer stood on is not to be another one at the moment of choosing, and without
    // the focus no key would be heard. Where it is gone, what is chosen of its kind does nothing when it is chosen again.
    const items = this.#items
    const ofGroup = items.filter((item) => groupOf(item) === group)
    const to =
      ofGroup.find((item) => item.textContent === name) ??
      ofGroup.find((item) => item.getAttribute('aria-checked') === 'true') ??
      ofGroup[0] ??
      items[0]
    to?.focus()
  }

  #set(open: boolean): void {
    if (this._open === open) return
    this._open = open
    this.dispatchEvent(new CustomEvent('opened', { detail: open }))
    if (!open) return
    // As high as the player allows.
    const { host } = this.getRootNode() as ShadowRoot
    this.style.setProperty('--_room', `${host.clientHeight - 60}px`)
    void this.updateComplete.then(() => {
      const popup = this.renderRoot.querySelector<HTMLElement>('.popup')
      // A small player has no room for it: there it stands over the page, at the bottom of the screen.
      if (popup && host.clientWidth < narrow && 'popover' in popup) {
        popup.popover = 'manual'
        popup.showPopover()
      }
      const checked = this.#items.find((item) => item.getAttribute('aria-checked') === 'true')
      ;(checked ?? this.#items[0])?.focus()
    })
  }

  #close(): void {
    this.#set(false)
    this.#button?.focus()
  }

  #onKey(event: KeyboardEvent): void {
    // Shortcuts are the browser's.
    if (event.ctrlKey || event.altKey || event.metaKey || /^F\d/.test(event.key)) return
    const items = this.#items
    const at = this.#at
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (event.key === 'Escape') this.#close()
    else if (event.key === 'Tab') this.#set(false)
    else if (to !== undefined) items.at(to % items.length)?.focus()
    // Letters choose nothing here, and must not pause or mute either.
    if (event.key !== 'Tab' && event.key !== 'Enter' && event.key !== ' ') event.preventDefault()
  }

  #group(name: string, items: readonly Sound[]) {
    return html`<div role="group" aria-label=${name}>
      <h3 aria-hidden="true">${name}</h3>
      ${items.map(
        (item) =>
          html`<button
            type="button"
            role="menuitemradio"
            tabindex="-1"
            aria-checked=${item.checked}
            @click=${() => {
              item.choose()
              this.#close()
            }}
          >
            ${item.name}
          </button>`,
      )}
    </div>`
  }

  #quality({ list, chosen, playing, choose }: Qualities, height: number | undefined) {
    // One alone is no choice.
    const offered = list.length < 2 ? [] : list
    const isAuto = !offered.some(({ id }) => id === chosen)
    const shown = list.find(({ id }) => id === playing)
    const now = shown ? qualityName(shown, list) : height === undefined ? undefined : `${height}p`
    const auto = now && isAuto ? `Automatic (${now})` : 'Automatic'
    return this.#group('Quality', [
      { name: auto, checked: isAuto, choose: () => choose('auto') },
      ...offered.map((quality) => ({
        name: qualityName(quality, list),
        checked: chosen === quality.id,
        choose: () => choose(quality.id),
      })),
    ])
  }

  #delay({ able }: Choice, { forced, latency }: Settings) {
    const choose = (detail: Transport | undefined) => this.dispatchEvent(new CustomEvent('transport', { detail }))
    return this.#group('Delay', [
      { name: automaticName(latency), checked: forced === undefined, choose: () => choose(undefined) },
      ...transports
        .filter((transport) => able.has(transport))
        .map((transport) => ({
          name: transportName(transport),
          checked: forced === transport,
          choose: () => choose(transport),
        })),
    ])
  }

  #state({ playing, failures, soundMissing, encodedAgain }: Choice, delay: number | undefined) {
    const lines = [
      playing && delay !== undefined ? `${behindText(delay)} behind live, by ${protocolName[playing]}.` : '',
      encodedAgain === undefined ? '' : sentence(encodedAgain),
      soundMissing === undefined ? '' : `Without sound: ${soundMissing}`,
      ...failures.map(
        ({ transport, failure, again }) => `${transportName(transport)}: ${failureText(failure)} ${againText(again)}`,
      ),
    ]
    return lines.filter((line) => line !== '').map((line) => html`<p>${line}</p>`)
  }

  override render() {
    const { settings } = this
    const choice = settings?.choice
    const qualities = settings?.qualities ?? noQualities
    if (!settings || (!choice && qualities.list.length < 2 && !qualities.sounds?.[1])) return nothing
    return html`
      <button
        id="button"
        type="button"
        aria-label="Quality and delay"
        aria-haspopup="menu"
        aria-expanded=${this._open}
        @click=${() => (this._open ? this.#close() : this.#set(true))}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${gear} /></svg>
      </button>
      ${
        this._open
          ? html`<div class="popup" @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
              <div role="menu" aria-label="Quality and delay" aria-describedby=${choice ? 'state' : nothing}>
                ${this.#quality(qualities, choice?.height)}
                ${qualities.sounds?.[1] ? this.#group('Sound', qualities.sounds) : nothing}
                ${choice ? this.#delay(choice, settings) : nothing}
              </div>
              ${choice ? html`<div class="state" id="state">${this.#state(choice, settings.delay)}</div>` : nothing}
            </div>`
          : nothing
      }
    `
  }
}

/** By its name, as Quality. */
const groupOf = (item: HTMLElement | undefined) => item?.closest('[role=group]')?.getAttribute('aria-label')

/** Below this a player is too small for the menu; CSS pixels. */
const narrow = 480

const noQualities: Qualities = { list: [], chosen: 'auto', playing: undefined, choose: () => undefined }

const gear =
  'M19.14 12.94a7 7 0 0 0 0-1.88l2.03-1.58-1.92-3.32-2.39.96a7 7 0 0 0-1.63-.94L14.87 3.6h-3.84l-.36 2.58a7 7 0 0 0-1.63.94l-2.39-.96-1.92 3.32 2.03 1.58a7 7 0 0 0 0 1.88l-2.03 1.58 1.92 3.32 2.39-.96a7 7 0 0 0 1.63.94l.36 2.58h3.84l.36-2.58a7 7 0 0 0 1.63-.94l2.39.96 1.92-3.32zM12.95 15.4a3.4 3.4 0 1 1 0-6.8 3.4 3.4 0 0 1 0 6.8z'

customElements.define('bandstand-settings-menu', SettingsMenu)
