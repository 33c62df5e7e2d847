import 'media-chrome/media-controller'
import 'media-chrome/media-control-bar'
import 'media-chrome/media-play-button'
import 'media-chrome/media-mute-button'
import 'media-chrome/media-fullscreen-button'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { addresses, type Place, serverOf } from '../channel/address.ts'
import { type Feed, feedOf } from '../channel/feed.ts'
import { tokens } from '../style/tokens.ts'
import { controls } from './controls.ts'
import { createEngine, warmEngine } from './engines.ts'
import { createHeldFrame } from './held-frame.ts'
import { helpDialog } from './help-dialog.ts'
import { type CommandTarget, commandFor, runCommand } from './keyboard.ts'
import type { Command } from './keys.ts'
import { createLastReplay } from './last-replay.ts'
import { notFoundScreen, offlineScreen } from './offline-screen.ts'
import { createPlayback } from './playback.ts'
import { prefetch } from './prefetch.ts'
import { createSession, type Session } from './session.ts'
import { soundButton } from './sound-button.ts'
import { type Span, spanOf } from './span.ts'
import type { Phase } from './state.ts'
import { playerStyles } from './styles.ts'

/**
 * The player of a channel or of one recording.
 *
 * | attribute | |
 * |---|---|
 * | `channel` | slug of the channel to watch |
 * | `asset` | id of one broadcast to replay, instead of `channel` |
 * | `server` | origin of the Bandstand server; default: where the page came from |
 * | `poster` | address of a picture to show until the first frame, not while offline |
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
    poster: { type: String },
    muted: { type: Boolean },
    hotkeys: { type: String },
    _facts: { state: true },
    _asset: { state: true },
    _missing: { state: true },
  }
  declare channel: string
  declare asset: string
  declare server: string
  declare poster: string
  declare muted: boolean
  declare hotkeys: string
  declare _facts: Channel | undefined
  declare _asset: Asset | undefined
  declare _missing: boolean

  static override styles = [tokens, playerStyles]

  #session: Session | undefined
  #feed: Feed | undefined
  #unwatch: (() => void) | undefined
  #phase: Phase | undefined
  readonly #playback = createPlayback(this)
  readonly #frame = createHeldFrame(this)
  readonly #last = createLastReplay(() => this.requestUpdate())
  /** One id for as long as the element lives: the server counts players by it (CMCD `sid`). */
  readonly #id = newId()

  constructor() {
    super()
    this.channel = ''
    this.asset = ''
    this.server = ''
    this.poster = ''
    this.muted = false
    this.hotkeys = ''
    this._missing = false
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

  /** @internal */
  get canvas(): HTMLCanvasElement | null {
    return this.renderRoot?.querySelector('canvas') ?? null
  }

  /** @internal */
  get dialog(): HTMLDialogElement | null {
    return this.renderRoot?.querySelector('dialog') ?? null
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
    this.#playback.restore()
    // Without them it still plays.
    import('./late-controls.ts').catch(() => undefined)
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('channel') && !changed.has('asset') && !changed.has('server')) return
    this.#close()
    this.#open()
  }

  get #place(): Place {
    return { server: serverOf(this.server, location.href), channel: this.channel }
  }

  #warm(): void {
    const place = this.#place
    if (this.asset) prefetch(addresses.vod(place.server, this.asset))
    else if (this.channel && feedOf(place).channel?.live) prefetch(addresses.live(place))
    warmEngine()
  }

  #open(): void {
    const video = this.video
    if (!video || !this.isConnected || (!this.channel && !this.asset)) return
    const { server } = this.#place
    const sameOrigin = new URL(server).origin === location.origin
    const session = createSession({
      server,
      channel: this.channel,
      video,
      createEngine: (element, events) => createEngine(element, { id: this.#id, sameOrigin }, events),
      onLoad: () => this.#frame.hold(),
      onChange: () => this.#onChange(),
      ask: () => this.#feed?.ask(),
    })
    this.#session = session
    if (this.asset) {
      session.send({ type: 'asset', assetId: this.asset })
      void this.#askAsset(server, this.asset)
    } else {
      this.#feed = feedOf(this.#place)
      this.#unwatch = this.#feed.watch((facts) => {
        this._facts = facts
        const { live, generation } = facts
        session.send({
          type: 'channel',
          live: live && facts.assetId !== null,
          assetId: facts.assetId ?? '',
          generation,
        })
        this.#lookForLast()
      })
    }
  }

  #close(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#last.forget()
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
      this.#lookForLast()
    }
    this._missing = (this.#feed?.missing ?? false) || (this.asset !== '' && this._missing)
    this.requestUpdate()
  }

  /** There is no picture of the channel to show. */
  get #isDark(): boolean {
    return this.asset === '' && (this.phase === 'offline' || this.phase === 'ended')
  }

  #lookForLast(): void {
    if (this._facts) this.#last.update(this.#place, this._facts, this.#isDark)
  }

  /** Where the bar begins and ends and where the picture is, in seconds. */
  get #span(): Span {
    const session = this.#session
    const { startedAt, live, assetId } = this._facts ?? { live: false }
    const ofChannel = live && startedAt && session?.state.source?.assetId === assetId
    const edge = session?.edge ?? 0
    return spanOf({
      startedAt: ofChannel ? Date.parse(startedAt) : undefined,
      edge,
      date: session?.date ?? session?.state.at,
      duration: session?.engine?.duration,
      window: session?.engine?.window,
      currentTime: this.video?.currentTime ?? 0,
    })
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
    this.#session?.send({ type: 'go-live' })
    this.#playback.play()
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const command = commandFor(event, this)
    if (!command) return
    event.preventDefault()
    this.#run(command)
  }

  #run(command: Command): void {
    const { video, dialog } = this
    if (!video) return
    const { position, length } = this.#span
    const target: CommandTarget = {
      ...{ video, dialog, position, length },
      seekTo: (seconds) => this.#seekTo(seconds),
      goToEnd: () => (this._facts?.live ? this.#goLive() : this.#seekTo(length)),
      press: (name) => this.renderRoot.querySelector<HTMLElement>(name)?.click(),
    }
    runCommand(command, target)
  }

  #screen() {
    if (this._missing) return notFoundScreen()
    if (this.asset ? this.phase !== 'offline' : !this.#isDark) return nothing
    if (!this.asset && !this._facts) return html`<div class="screen"></div>`
    return html`<slot name="offline"
      >${offlineScreen({
        server: this.#place.server,
        facts: this._facts ?? { offlineImage: null, offlineText: '' },
        ended: this.phase === 'ended',
        last: this.#last.replay,
      })}</slot
    >`
  }

  #controls() {
    const state = this.#session?.state
    const span = this.#span
    const assetId = state?.source?.assetId
    return controls({
      span,
      storyboard: assetId ? addresses.storyboard(this.#place.server, assetId, span.dates) : '',
      live: this._facts?.live ?? false,
      atEdge: state?.phase === 'live' || state?.phase === 'starting',
      behind: this.#session?.date === undefined ? undefined : this.behind,
      onSeek: (seconds) => this.#seekTo(seconds),
      onLive: () => this.#goLive(),
      onHelp: () => this.#run({ kind: 'help' }),
    })
  }

  override render() {
    const phase = this.phase
    const { silenced, refused } = this.#playback
    const busy = phase === 'starting' || phase === 'stalled'
    const idle = phase === 'offline' || this._missing
    return html`<div class="frame">
      <media-controller nohotkeys noautoseektolive novolumepref nomutedpref autohide="3" aria-label="Player">
        <video
          slot="media"
          playsinline
          poster=${idle || !this.poster ? nothing : new URL(this.poster, `${this.#place.server}/`).href}
          @loadedmetadata=${() => this.#playback.begin()}
          @playing=${() => {
            this.#playback.onPlaying()
            this.#frame.drop()
          }}
          @play=${() => this.#playback.onPlay()}
          @pause=${() => this.#playback.onPause()}
          @volumechange=${() => this.#playback.onVolume()}
        ></video>
        <canvas slot="poster" ?hidden=${!this.#frame.shown} aria-hidden="true"></canvas>
        ${idle ? nothing : this.#controls()}
      </media-controller>
      ${this.#screen()}
      ${busy && !refused && !this._missing ? html`<div class="spinner" aria-hidden="true"></div>` : nothing}
      ${phase === 'stalled' ? html`<div class="note" role="status">Waiting for the broadcast to go on …</div>` : nothing}
      ${
        (silenced || refused) && !idle
          ? soundButton({ refused, onClick: () => this.#playback.playWithSound() })
          : nothing
      }
      ${helpDialog({ pageKeys: this.hotkeys === 'page' })}
    </div>`
  }
}

function newId(): string {
  // randomUUID needs a secure context, and many people try this out over plain http.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

customElements.define('bandstand-player', BandstandPlayer)
