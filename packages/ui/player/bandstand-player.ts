import 'media-chrome/media-controller'
import 'media-chrome/media-control-bar'
import 'media-chrome/media-play-button'
import 'media-chrome/media-mute-button'
import 'media-chrome/media-volume-range'
import 'media-chrome/media-pip-button'
import 'media-chrome/media-fullscreen-button'
import './rewind-bar.ts'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { addresses, serverOf } from '../channel/address.ts'
import { type Feed, feedOf } from '../channel/feed.ts'
import { tokens } from '../style/tokens.ts'
import { autoplay } from './autoplay.ts'
import { createEngine, warmEngine } from './engines.ts'
import { type Command, commandOf, keyHelp } from './keys.ts'
import { recall, remember } from './preferences.ts'
import { prefetch } from './prefetch.ts'
import { createSession, type Session } from './session.ts'
import type { Phase } from './state.ts'
import { playerStyles } from './styles.ts'
import { behindText, clockText } from './time-text.ts'

/**
 * The player of a channel or of one recording.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel to watch |
 * | `asset` | id of one broadcast to replay, instead of `channel` |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 * | `muted` | begin without sound |
 * | `hotkeys` | `page`: keys work while nothing else on the page has the focus; default: while the player has it |
 *
 * | event | detail |
 * |---|---|
 * | `phasechange` | `offline`, `starting`, `live`, `behind`, `stalled`, `replay` or `ended` |
 *
 * | slot | |
 * |---|---|
 * | `offline` | replaces the screen shown while offline |
 *
 * | CSS custom property | |
 * |---|---|
 * | `--bandstand-live` | colour of the live mark and the bar |
 * | `--bandstand-player-radius` | rounding of the corners |
 * | `--bandstand-font` | |
 */
export class BandstandPlayer extends LitElement {
  static override properties = {
    channel: { type: String },
    asset: { type: String },
    server: { type: String },
    muted: { type: Boolean },
    hotkeys: { type: String },
    _facts: { state: true },
    _asset: { state: true },
    _missing: { state: true },
    _silenced: { state: true },
    _refused: { state: true },
    _still: { state: true },
  }
  declare channel: string
  declare asset: string
  declare server: string
  declare muted: boolean
  declare hotkeys: string
  declare _facts: Channel | undefined
  declare _asset: Asset | undefined
  declare _missing: boolean
  /** The browser refused sound. */
  declare _silenced: boolean
  /** The browser refused to play at all. */
  declare _refused: boolean
  /** The last frame of the source before is on screen. */
  declare _still: boolean

  static override styles = [tokens, playerStyles]

  #session: Session | undefined
  #feed: Feed | undefined
  #unwatch: (() => void) | undefined
  #phase: Phase | undefined
  #paused = false
  #stillTimer: ReturnType<typeof setTimeout> | undefined
  /** One id for as long as the element lives: the server counts players by it (CMCD `sid`). */
  readonly #id = newId()

  constructor() {
    super()
    this.channel = ''
    this.asset = ''
    this.server = ''
    this.muted = false
    this.hotkeys = ''
    this._missing = false
    this._silenced = false
    this._refused = false
    this._still = false
  }

  /** What the player is doing; see `phasechange`. */
  get phase(): Phase {
    return this.#session?.state.phase ?? 'offline'
  }

  /** Seconds behind live of the frame on screen. */
  get behind(): number {
    return this.#session?.behind ?? 0
  }

  /** The video element, for pages that need it. */
  get video(): HTMLVideoElement | null {
    return this.renderRoot?.querySelector('video') ?? null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('keydown', this.#onKey)
    // Before the first render: the first bytes of the picture should be on their way.
    this.#warm()
    if (this.hasUpdated) this.#open()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('keydown', this.#onKey)
    this.#close()
  }

  protected override firstUpdated(): void {
    const video = this.video
    if (!video) return
    const volume = Number.parseFloat(recall('volume') ?? '')
    if (volume >= 0 && volume <= 1) video.volume = volume
    if (recall('muted') === 'yes') this.muted = true
    this.#open()
  }

  protected override updated(changed: PropertyValues): void {
    const source = changed.has('channel') || changed.has('asset') || changed.has('server')
    if (source && this.#session) {
      this.#close()
      this.#open()
    }
  }

  #warm(): void {
    const server = serverOf(this.server, location.href)
    if (this.asset) prefetch(addresses.vod(server, this.asset))
    else if (this.channel && feedOf({ server, channel: this.channel }).channel?.live) {
      prefetch(addresses.live({ server, channel: this.channel }))
    }
    warmEngine()
  }

  #open(): void {
    const video = this.video
    if (!video || !this.isConnected || (!this.channel && !this.asset)) return
    const server = serverOf(this.server, location.href)
    const sameOrigin = new URL(server).origin === location.origin
    const session = createSession({
      server,
      channel: this.channel,
      video,
      createEngine: (element, events) => createEngine(element, { id: this.#id, sameOrigin }, events),
      onLoad: () => this.#holdFrame(),
      onChange: () => this.#onChange(),
      ask: () => this.#feed?.ask(),
    })
    this.#session = session
    if (this.asset) {
      session.send({ type: 'asset', assetId: this.asset })
      void this.#askAsset(server, this.asset)
    } else {
      this.#feed = feedOf({ server, channel: this.channel })
      this.#unwatch = this.#feed.watch((facts) => {
        this._facts = facts
        const { live, generation } = facts
        session.send({
          type: 'channel',
          live: live && facts.assetId !== null,
          assetId: facts.assetId ?? '',
          generation,
        })
      })
    }
  }

  #close(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#feed = undefined
    this.#session?.destroy()
    this.#session = undefined
  }

  async #askAsset(server: string, id: string): Promise<void> {
    try {
      const response = await fetch(addresses.assetFacts(server, id))
      if (response.status === 404) this._missing = true
      else if (response.ok) this._asset = (await response.json()) as Asset
    } catch {
      // The playlist itself is what counts; without these facts only the text beside the player is missing.
    }
  }

  #onChange(): void {
    const phase = this.phase
    if (phase !== this.#phase) {
      this.#phase = phase
      this.dispatchEvent(new CustomEvent('phasechange', { detail: phase, bubbles: true, composed: true }))
    }
    this._missing = (this.#feed?.missing ?? false) || (this.asset !== '' && this._missing)
    this.requestUpdate()
  }

  /** Keeps the last frame on screen while another source takes over. */
  #holdFrame(): void {
    const video = this.video
    const canvas = this.renderRoot.querySelector('canvas')
    if (!video || !canvas || video.readyState < 2 || video.videoWidth === 0) return
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    try {
      canvas.getContext('2d')?.drawImage(video, 0, 0)
    } catch {
      return
    }
    this._still = true
    clearTimeout(this.#stillTimer)
    this.#stillTimer = setTimeout(() => this.#dropFrame(), 6000)
  }

  #dropFrame(): void {
    clearTimeout(this.#stillTimer)
    this._still = false
  }

  async #play(): Promise<void> {
    const video = this.video
    if (!video || this.#paused) return
    const sounded = !this._silenced && !this.muted
    const outcome = await autoplay(video, !sounded)
    this._refused = outcome === 'refused' && video.paused
    if (outcome === 'muted' && sounded) this._silenced = true
  }

  #withSound(): void {
    const video = this.video
    if (!video) return
    video.muted = false
    this._silenced = false
    this.#paused = false
    void video.play().catch(() => undefined)
  }

  #onVolume(): void {
    const video = this.video
    if (!video) return
    if (!video.muted) this._silenced = false
    // Only what the viewer chose is remembered, not what the browser's rules made of it.
    if (!this._silenced && navigator.userActivation?.hasBeenActive) {
      remember('volume', String(video.volume))
      remember('muted', video.muted ? 'yes' : 'no')
      this.muted = video.muted
    }
  }

  /** Where the bar begins and ends and where the picture is, in seconds. */
  get #span(): { readonly dates: boolean; readonly start: number; readonly length: number; readonly position: number } {
    const session = this.#session
    const video = this.video
    const source = session?.state.source
    const started = this._facts?.startedAt ? Date.parse(this._facts.startedAt) : Number.NaN
    const ofChannel = this._facts?.live && source?.assetId === this._facts.assetId && Number.isFinite(started)
    if (session && ofChannel) {
      const length = Math.max(0, (session.edge - started) / 1000)
      const date = session.date ?? session.state.at ?? session.edge
      return { dates: true, start: started, length, position: Math.max(0, (date - started) / 1000) }
    }
    const window = session?.engine?.window
    const length = session?.engine?.duration ?? (window ? (window.end - window.start) / 1000 : 0)
    return { dates: false, start: 0, length, position: video?.currentTime ?? 0 }
  }

  #seekTo(seconds: number): void {
    const session = this.#session
    const video = this.video
    if (!session || !video) return
    const span = this.#span
    const to = Math.min(Math.max(0, seconds), span.length)
    if (span.dates) session.seekDate(span.start + to * 1000)
    else video.currentTime = to
    if (this.phase === 'ended') void video.play().catch(() => undefined)
  }

  #goLive(): void {
    this.#paused = false
    this.#session?.send({ type: 'go-live' })
    void this.video?.play().catch(() => undefined)
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return
    const path = event.composedPath()
    const inside = path.includes(this)
    const page = this.hotkeys === 'page' && event.target === document.body && recall('page-keys') !== 'off'
    if (!inside && !page) return
    const command = commandOf(event)
    const target = path[0]
    if (!command || this.renderRoot.querySelector('dialog')?.open) return
    if (target instanceof Element) {
      if (target.matches('input:not([type=range]), textarea, select')) return
      // These keys belong to the control that has the focus.
      if (event.key === ' ' && inside && target !== this && isButton(target)) return
      if (target.matches('input[type=range]') && /^(Arrow|Home|End|Page)/.test(event.key)) return
    }
    event.preventDefault()
    this.#run(command)
  }

  #run(command: Command): void {
    const video = this.video
    if (!video) return
    switch (command.kind) {
      case 'toggle-play':
        if (video.paused) void video.play().catch(() => undefined)
        else video.pause()
        return
      case 'mute':
        video.muted = !video.muted
        return
      case 'volume':
        video.volume = Math.min(1, Math.max(0, video.volume + command.by))
        if (video.volume > 0) video.muted = false
        return
      case 'skip':
        return this.#seekTo(this.#span.position + command.seconds)
      case 'tenth':
        return this.#seekTo((this.#span.length * command.tenth) / 10)
      case 'start':
        return this.#seekTo(0)
      case 'live':
        return this._facts?.live ? this.#goLive() : this.#seekTo(this.#span.length)
      case 'full-screen':
        return this.#press('media-fullscreen-button')
      case 'picture-in-picture':
        return this.#press('media-pip-button')
      case 'captions': {
        for (const track of Array.from(video.textTracks)) track.mode = track.mode === 'showing' ? 'hidden' : 'showing'
        return
      }
      case 'help':
        this.renderRoot.querySelector('dialog')?.showModal()
    }
  }

  #press(name: string): void {
    this.renderRoot.querySelector<HTMLElement>(name)?.click()
  }

  #screen() {
    if (this._missing) {
      return html`<div class="screen"><div class="words"><h2>Not found</h2><p>There is nothing at this address.</p></div></div>`
    }
    const phase = this.phase
    if (this.asset ? phase !== 'offline' : phase !== 'offline' && phase !== 'ended') return nothing
    if (!this.asset && !this._facts) return html`<div class="screen"></div>`
    const { offlineImage, offlineText } = this._facts ?? { offlineImage: null, offlineText: '' }
    const image = offlineImage ? new URL(offlineImage, `${serverOf(this.server, location.href)}/`).href : undefined
    return html`<slot name="offline"
      ><div class="screen">
        ${image ? html`<img src=${image} alt="" />` : nothing}
        <div class="words">
          <h2>${phase === 'ended' ? 'The broadcast has ended' : 'Not live right now'}</h2>
          <p>${offlineText || 'The picture starts here by itself when the broadcast begins.'}</p>
        </div>
      </div></slot
    >`
  }

  #controls() {
    const state = this.#session?.state
    const span = this.#span
    const live = this._facts?.live ?? false
    const atEdge = state?.phase === 'live' || state?.phase === 'starting'
    const behind = this.behind
    const known = this.#session?.date !== undefined
    return html`
      <div class="bottom">
        ${
          span.length > 5
            ? html`<bandstand-rewind-bar
                .length=${span.length}
                .position=${span.position}
                .live=${span.dates}
                @seek=${(event: CustomEvent<number>) => this.#seekTo(event.detail)}
              ></bandstand-rewind-bar>`
            : nothing
        }
        <media-control-bar>
          <media-play-button></media-play-button>
          <media-mute-button></media-mute-button>
          <media-volume-range class="wide"></media-volume-range>
          ${
            live
              ? html`<button
                  class="live"
                  type="button"
                  ?data-at-edge=${atEdge}
                  @click=${() => this.#goLive()}
                >
                  LIVE${
                    known
                      ? html`<span class="far" data-behind=${behind.toFixed(2)}>${behindText(behind)}</span
                          ><span class="sr"> behind${atEdge ? '' : ', go to live'}</span>`
                      : nothing
                  }
                </button>`
              : span.length > 0
                ? html`<span class="time">${clockText(span.position)} / ${clockText(span.length)}</span>`
                : nothing
          }
          <span class="grow"></span>
          <button
            class="plain wide"
            type="button"
            aria-label="Keyboard help"
            @click=${() => this.#run({ kind: 'help' })}
          >
            ?
          </button>
          <media-pip-button></media-pip-button>
          <media-fullscreen-button></media-fullscreen-button>
        </media-control-bar>
      </div>
    `
  }

  #help() {
    return html`<dialog aria-labelledby="help-title">
      <h2 id="help-title">Keyboard</h2>
      <dl>${keyHelp.map(([keys, does]) => html`<dt>${keys}</dt><dd>${does}</dd>`)}</dl>
      <form method="dialog">
        ${
          this.hotkeys === 'page'
            ? html`<p>
                <label
                  ><input
                    type="checkbox"
                    .checked=${recall('page-keys') !== 'off'}
                    @change=${(event: Event) =>
                      remember('page-keys', (event.target as HTMLInputElement).checked ? 'on' : 'off')}
                  />
                  Also when nothing has the focus</label
                >
              </p>`
            : nothing
        }
        <button>Close</button>
      </form>
    </dialog>`
  }

  override render() {
    const phase = this.phase
    const busy = phase === 'starting' || phase === 'stalled'
    const idle = phase === 'offline' || this._missing
    return html`<div class="frame">
      <media-controller nohotkeys noautoseektolive novolumepref nomutedpref autohide="3" aria-label="Player">
        <video
          slot="media"
          playsinline
          @loadedmetadata=${() => this.#play()}
          @playing=${() => {
            this._refused = false
            this.#dropFrame()
          }}
          @play=${() => {
            this.#paused = false
          }}
          @pause=${(event: Event) => {
            const video = event.target as HTMLVideoElement
            this.#paused = !video.ended && video.readyState > 1
          }}
          @volumechange=${() => this.#onVolume()}
        ></video>
        <canvas slot="poster" ?hidden=${!this._still} aria-hidden="true"></canvas>
        ${idle ? nothing : this.#controls()}
      </media-controller>
      ${this.#screen()}
      ${busy && !this._refused && !this._missing ? html`<div class="spinner" aria-hidden="true"></div>` : nothing}
      ${phase === 'stalled' ? html`<div class="note" role="status">Waiting for the broadcast to go on …</div>` : nothing}
      ${
        (this._silenced || this._refused) && !idle
          ? html`<button class="sound" type="button" @click=${() => this.#withSound()}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d=${this._refused ? icons.play : icons.muted} />
              </svg>
              ${this._refused ? 'Tap to play' : 'Tap for sound'}
            </button>`
          : nothing
      }
      ${this.#help()}
    </div>`
  }
}

const icons = {
  play: 'M8 5v14l11-7z',
  muted:
    'M3 9v6h4l5 5V4L7 9H3zm17.6-.2L18.2 11.2 15.8 8.8 14.4 10.2 16.8 12.6 14.4 15 15.8 16.4 18.2 14 20.6 16.4 22 15 19.6 12.6 22 10.2z',
}

function isButton(element: Element): boolean {
  return element.matches(
    'button, a, [role=button], media-play-button, media-mute-button, media-pip-button, media-fullscreen-button',
  )
}

function newId(): string {
  // randomUUID needs a secure context, and many people try this out over plain http.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

customElements.define('bandstand-player', BandstandPlayer)
