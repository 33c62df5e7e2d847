import type { Channel } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../../channel/request.ts'
import { buttons, fields } from '../../style/forms.ts'
import { tokens } from '../../style/tokens.ts'
import { api } from '../api.ts'
import '../sign-in.ts'
import { pageStyles } from '../page-styles.ts'
import { slugIn } from '../slug-in.ts'
import { studioStyles } from '../styles.ts'
import { createPageBroadcast, type LiveState, type PageBroadcast } from './broadcast.ts'
import { type Devices, listDevices, whyNoDevices } from './devices.ts'
import { type Counted, type LiveHealth, readHealth } from './health.ts'
import { createLevelMeter, type LevelMeter } from './level.ts'
import './live-health.ts'
import './live-settings.ts'
import type { LiveChoice } from './live-settings.ts'
import { layersOf, sizeNamed } from './sizes.ts'
import { openSources, type Sources } from './sources.ts'
import { liveStyles } from './styles.ts'

const LEVEL_MS = 100
const HEALTH_MS = 1_000

const FIRST: LiveChoice = {
  picture: 'camera',
  camera: '',
  microphone: '',
  withSound: true,
  size: sizeNamed('720p'),
  bitrate: 0,
  withSmaller: false,
}
const NOTHING: Sources = { video: undefined, audio: undefined, faults: [] }

const BADGES: Readonly<Record<LiveState, string>> = {
  stopped: 'Preview',
  connecting: 'Connecting …',
  live: 'Live',
  reconnecting: 'Connecting again …',
  ended: 'Not live',
}

/**
 * Going live from the browser: camera or screen and microphone, preview and level, and how the stream fares. The key of the channel is asked
 * for with the owner's session and never shown. The address' fragment names the channel.
 */
export class BandstandLive extends LitElement {
  static override properties = {
    _signedIn: { state: true },
    _channels: { state: true },
    _slug: { state: true },
    _choice: { state: true },
    _devices: { state: true },
    _sources: { state: true },
    _isOn: { state: true },
    _isOpening: { state: true },
    _state: { state: true },
    _level: { state: true },
    _health: { state: true },
    _note: { state: true },
    _error: { state: true },
  }
  declare _signedIn: boolean | undefined
  declare _channels: readonly Channel[]
  declare _slug: string
  declare _choice: LiveChoice
  declare _devices: Devices
  declare _sources: Sources
  declare _isOn: boolean
  declare _isOpening: boolean
  declare _state: LiveState
  declare _level: number
  declare _health: LiveHealth | undefined
  declare _note: string
  declare _error: string

  static override styles = [tokens, buttons, fields, studioStyles, pageStyles, liveStyles]

  #broadcast: PageBroadcast | undefined
  #meter: LevelMeter | undefined
  #counted: Counted | undefined
  #timers: ReturnType<typeof setInterval>[] = []
  #wakeLock: WakeLockSentinel | undefined
  /** Rises with each choice: devices that come for an earlier one are turned off again. */
  #turn = 0
  readonly #onSignedOut = () => {
    this._signedIn = false
  }
  readonly #onHide = () => this.#broadcast?.stop()
  readonly #onUnload = (event: BeforeUnloadEvent) => {
    if (this.#isBusy) event.preventDefault()
  }
  readonly #onDevices = () => void this.#list()

  constructor() {
    super()
    this._channels = []
    this._slug = ''
    this._choice = FIRST
    this._devices = { cameras: [], microphones: [] }
    this._sources = NOTHING
    this._isOn = false
    this._isOpening = false
    this._state = 'stopped'
    this._level = 0
    this._note = ''
    this._error = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('bandstand-signed-out', this.#onSignedOut)
    addEventListener('pagehide', this.#onHide)
    addEventListener('beforeunload', this.#onUnload)
    navigator.mediaDevices?.addEventListener('devicechange', this.#onDevices)
    this.#timers = [
      setInterval(() => {
        this._level = this.#meter?.read() ?? 0
      }, LEVEL_MS),
      setInterval(() => void this.#look(), HEALTH_MS),
    ]
    void this.#begin()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    removeEventListener('bandstand-signed-out', this.#onSignedOut)
    removeEventListener('pagehide', this.#onHide)
    removeEventListener('beforeunload', this.#onUnload)
    navigator.mediaDevices?.removeEventListener('devicechange', this.#onDevices)
    for (const timer of this.#timers) clearInterval(timer)
    this.#broadcast?.stop()
    this.#turnOff()
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('_sources')) return
    const video = this.renderRoot.querySelector('video')
    if (video) video.srcObject = this._sources.video ? new MediaStream([this._sources.video]) : null
  }

  get #isBusy(): boolean {
    return this._state === 'connecting' || this._state === 'live' || this._state === 'reconnecting'
  }

  async #begin(): Promise<void> {
    try {
      this._signedIn = (await api.session()).signedIn
      if (!this._signedIn) return
      this._channels = (await api.channels()).channels
      const wanted = slugIn(location.hash)
      const known = this._channels.some(({ slug }) => slug === wanted)
      this._slug = known ? wanted : (this._channels[0]?.slug ?? '')
      this._error = ''
    } catch (error) {
      this._signedIn ??= false
      this._error = messageOf(error)
    }
  }

  async #list(): Promise<void> {
    const media = navigator.mediaDevices
    if (media) this._devices = await listDevices(media).catch(() => this._devices)
  }

  /** Turns on what is chosen, in place of what is on. */
  async #open(): Promise<void> {
    const turn = ++this.#turn
    this._error = whyNoDevices(isSecureContext, navigator.mediaDevices) ?? ''
    if (this._error !== '') return
    this._isOpening = true
    const sources = await openSources(this._choice, navigator.mediaDevices)
    if (turn !== this.#turn) return turnOff(sources)
    const before = this._sources
    this._isOpening = false
    this._isOn = sources.video !== undefined || sources.audio !== undefined
    this._sources = sources
    this._error = sources.faults.join(' ')
    this.#meter?.close()
    this.#meter = sources.audio && createLevelMeter(sources.audio)
    sources.video?.addEventListener('ended', () => this.#pictureEnded(sources))
    this.#broadcast?.replaceTracks()
    turnOff(before)
    await this.#list()
  }

  /** “Stop sharing” of the browser, or a camera that was pulled out. */
  #pictureEnded(sources: Sources): void {
    if (this._sources !== sources) return
    if (this._choice.picture === 'screen') {
      this._note = 'The screen is not shared any more: the camera is shown again.'
      this._choice = { ...this._choice, picture: 'camera' }
      void this.#open()
    } else this._error = 'The camera is gone. Connect it, then turn it on again.'
  }

  #turnOff(): void {
    this.#turn++
    this.#meter?.close()
    this.#meter = undefined
    turnOff(this._sources)
    this._sources = NOTHING
    this._isOn = false
  }

  #choose(choice: LiveChoice): void {
    const before = this._choice
    this._choice = choice
    this._note = ''
    const same = (['picture', 'camera', 'microphone', 'withSound', 'size'] as const).every(
      (name) => before[name] === choice[name],
    )
    if (this._isOn && !same) void this.#open()
  }

  #start(): void {
    this._error = ''
    this._note = ''
    const slug = this._slug
    this.#broadcast = createPageBroadcast({
      url: `/live/${encodeURIComponent(slug)}/whip`,
      key: async () => (await api.key(slug)).key,
      tracks: () => this._sources,
      layers: () => layersOf(this._choice.size, this.#bitrate, this._choice.withSmaller),
      onChange: () => this.#changed(),
    })
    this.#broadcast.start()
    void this.#stayAwake()
  }

  get #bitrate(): number {
    return this._choice.bitrate === 0 ? this._choice.size.bitrate : this._choice.bitrate
  }

  #stop(): void {
    this.#broadcast?.stop()
    this.#broadcast = undefined
    void this.#wakeLock?.release()
    this.#wakeLock = undefined
  }

  #changed(): void {
    const { state = 'stopped', why } = this.#broadcast ?? {}
    this._state = state
    if (state !== 'live') {
      this._health = undefined
      this.#counted = undefined
    }
    this._error = state === 'ended' ? (why?.text ?? '') : ''
    this._note = state === 'reconnecting' ? `${why?.text ?? ''} The page connects again by itself.` : ''
  }

  async #look(): Promise<void> {
    const stats = this._state === 'live' ? await this.#broadcast?.stats() : undefined
    if (!stats || this._state !== 'live') return
    const { health, counted } = readHealth(stats.values(), this.#counted)
    this.#counted = counted
    this._health = health
  }

  /** A phone that sleeps sends nothing. */
  async #stayAwake(): Promise<void> {
    this.#wakeLock = await navigator.wakeLock?.request('screen').catch(() => undefined)
  }

  #preview() {
    const { video } = this._sources
    return html`<div class="preview">
      <video autoplay muted playsinline ?hidden=${!video} aria-label="Preview of your picture"></video>
      ${video ? nothing : html`<p>${this._isOn ? 'Only sound is sent.' : 'The camera is off.'}</p>`}
      <span class=${this._state === 'live' ? 'badge live' : 'badge'} role="status">${BADGES[this._state]}</span>
    </div>`
  }

  #actions() {
    if (this.#isBusy) {
      return html`<button type="button" class="primary big" @click=${() => this.#stop()}>Stop</button>`
    }
    if (!this._isOn) {
      return html`<button type="button" class="primary big" ?disabled=${this._isOpening} @click=${() => void this.#open()}>
        Turn on ${this._choice.picture === 'none' ? 'the microphone' : 'camera and microphone'}
      </button>`
    }
    return html`<button type="button" class="primary big" @click=${() => this.#start()}>Go live</button>
      <button type="button" class="big" @click=${() => this.#turnOff()}>Turn off</button>`
  }

  override render() {
    if (this._signedIn === undefined) return html`<main></main>`
    if (!this._signedIn) {
      return html`<studio-sign-in @signed-in=${() => this.#begin()}></studio-sign-in>`
    }
    const channel = this._channels.find(({ slug }) => slug === this._slug)
    return html`<main>
      <div class="top">
        <h1>Go live${channel ? ` on ${channel.title}` : ''}</h1>
        <span class="grow"></span>
        <a class="button" href=${`/studio#${encodeURIComponent(this._slug)}`}>Studio</a>
        <a class="button" href=${`/@${this._slug}`} target="_blank" rel="noopener">Open the page</a>
      </div>
      <div role="alert">${this._error ? html`<p class="error">${this._error}</p>` : nothing}</div>
      <div role="status">${this._note ? html`<p class="hint">${this._note}</p>` : nothing}</div>
      <div class="columns">
        <div class="column">
          ${this.#preview()}
          <div class="level">
            <span id="level">Microphone</span>
            <meter aria-labelledby="level" min="0" max="1" low="0.02" high="0.9" optimum="0.4" .value=${this._level}></meter>
          </div>
          <div class="row">${this.#actions()}</div>
          <studio-live-health .health=${this._health}></studio-live-health>
        </div>
        <studio-live-settings
          .channels=${this._channels}
          .slug=${this._slug}
          .devices=${this._devices}
          .choice=${this._choice}
          .busy=${this.#isBusy}
          @chosen=${(event: CustomEvent<LiveChoice>) => this.#choose(event.detail)}
          @channel=${(event: CustomEvent<string>) => {
            this._slug = event.detail
            location.hash = encodeURIComponent(event.detail)
          }}
        ></studio-live-settings>
      </div>
    </main>`
  }
}

function turnOff({ video, audio }: Sources): void {
  video?.stop()
  audio?.stop()
}

customElements.define('bandstand-live', BandstandLive)
