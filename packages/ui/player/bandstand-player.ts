import 'media-chrome/media-controller'
import 'media-chrome/media-control-bar'
import 'media-chrome/media-play-button'
import 'media-chrome/media-mute-button'
import 'media-chrome/media-fullscreen-button'
import type { Latency } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import type { MediaController } from 'media-chrome/media-controller'
import { addresses, type Place, serverOf, wholeAddress } from '../channel/address.ts'
import { feedOf } from '../channel/feed.ts'
import { tokens } from '../style/tokens.ts'
import { parseTransport, type Transport, transportFor } from './choice/transport.ts'
import { controls } from './controls.ts'
import { createEngine, warmEngine } from './engines.ts'
import { createHeldFrame } from './held-frame.ts'
import { helpDialog } from './help-dialog.ts'
import { commandFor } from './keyboard.ts'
import { createNavigation } from './navigation.ts'
import { notFoundScreen, offlineScreen } from './offline-screen.ts'
import { createPlayback } from './playback.ts'
import { prefetch } from './prefetch.ts'
import { soundButton } from './sound-button.ts'
import type { Phase } from './state.ts'
import { playerStyles } from './styles.ts'
import { createWatching } from './watching.ts'

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
 * | `transport` | `webrtc`, `ll-hls` or `hls`: where the choice begins, whatever the channel's delay is set to |
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
    transport: { type: String },
    hotkeys: { type: String },
    _forced: { state: true },
    _menu: { state: true },
  }
  declare channel: string
  declare asset: string
  declare server: string
  declare poster: string
  declare muted: boolean
  declare transport: string
  declare hotkeys: string
  /** What the viewer has chosen in the menu. */
  declare _forced: Transport | undefined
  /** The menu is open. */
  declare _menu: boolean

  static override styles = [tokens, playerStyles]

  /** One id for as long as the element lives: the server counts players by it (CMCD `sid`). */
  readonly #id = newId()
  readonly #playback = createPlayback(this)
  readonly #frame = createHeldFrame(this)
  readonly #watching = createWatching({
    createEngine: (video, events, place) =>
      createEngine(
        video,
        {
          id: this.#id,
          sameOrigin: new URL(place.server).origin === location.origin,
          whep: addresses.whep(place, this.#id),
          wanted: () => this.#wanted,
          forced: () => this.#asked !== undefined,
          isLive: () => feedOf(place).isLive(),
        },
        events,
      ),
    onLoad: () => this.#frame.hold(),
    onChange: () => this.requestUpdate(),
    onPhase: (detail) => this.dispatchEvent(new CustomEvent('phasechange', { detail, bubbles: true, composed: true })),
  })
  readonly #navigation = createNavigation(this, this.#watching, this.#playback)

  constructor() {
    super()
    this.channel = ''
    this.asset = ''
    this.server = ''
    this.poster = ''
    this.muted = false
    this.transport = ''
    this.hotkeys = ''
    this._menu = false
  }

  /** What the player is doing; see `phasechange`. */
  get phase(): Phase {
    return this.#watching.phase
  }

  /** Seconds behind live of the frame on screen. */
  get behind(): number {
    return this.#watching.session?.behind ?? 0
  }

  /** How the live edge is played: `webrtc`, `ll-hls` or `hls`; `undefined` while it is not. */
  get playing(): Transport | undefined {
    return this.#watching.session?.engine?.choice.playing
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

  /** @internal Presses one of the controls. */
  press(name: string): void {
    // The button learns a frame later that the screen is full, and without a picture, which what stands in its place may fill, there is none.
    if (name === 'media-fullscreen-button' && this.shadowRoot?.fullscreenElement) void document.exitFullscreen()
    else this.renderRoot.querySelector<HTMLElement>(name)?.click()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    document.addEventListener('keydown', this.#onKey)
    // Before the first render: the first bytes of the picture should be on their way.
    this.#warm()
    if (this.hasUpdated && !this.#watching.session) this.#open()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    document.removeEventListener('keydown', this.#onKey)
    // An element that is moved within the page is taken out and put in again at once; as the video itself, it then plays on.
    queueMicrotask(() => {
      if (!this.isConnected) this.#watching.close()
    })
  }

  protected override firstUpdated(): void {
    this.#playback.restore()
    const controller = this.renderRoot.querySelector<MediaController>('media-controller')
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame')
    // Messages lie over the picture, beside media-controller, which in 4.19 does not hear of its `fullscreenelement` attribute.
    if (controller && frame) controller.fullscreenElement = frame
    // Without them it still plays.
    import('./late-controls.ts').catch(() => undefined)
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('transport') || changed.has('_forced')) this.#watching.session?.engine?.wantedChanged('viewer')
    if (!changed.has('channel') && !changed.has('asset') && !changed.has('server')) return
    this.#watching.close()
    this.#open()
  }

  get #place(): Place {
    return { server: serverOf(this.server, location.href), channel: this.channel }
  }

  /** The quickest transport that is wanted: by the viewer, else by the page, else by the channel's owner. */
  get #wanted(): Transport {
    const { session } = this.#watching
    // By WebRTC there is H.264 and Opus, whatever the encoder sends.
    return this.#asked ?? (session?.unplayable ? 'webrtc' : transportFor(this.#latency))
  }

  /** By the viewer, else by the page. */
  get #asked(): Transport | undefined {
    return this._forced ?? parseTransport(this.transport)
  }

  get #latency(): Latency {
    return this.#watching.facts?.latency ?? (this.channel ? feedOf(this.#place).channel?.latency : undefined) ?? 'low'
  }

  #warm(): void {
    const place = this.#place
    if (this.asset) prefetch(addresses.vod(place.server, this.asset))
    else if (this.channel && feedOf(place).channel?.live) prefetch(addresses.live(place))
    warmEngine(this.#wanted)
  }

  #open(): void {
    const { video, asset } = this
    if (video && this.isConnected && (this.channel || asset)) this.#watching.open({ place: this.#place, asset }, video)
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const command = commandFor(event, this)
    if (!command) return
    event.preventDefault()
    this.#navigation.run(command)
  }

  #screen() {
    const { missing, dark, facts, last, phase } = this.#watching
    if (missing) return notFoundScreen()
    if (this.asset ? phase !== 'offline' : !dark) return nothing
    if (!this.asset && !facts) return html`<div class="screen"></div>`
    return html`<slot name="offline"
      >${offlineScreen({
        server: this.#place.server,
        facts: facts ?? { offlineImage: null, offlineText: '' },
        ended: phase === 'ended',
        last,
      })}</slot
    >`
  }

  #controls() {
    const { session, facts, phase } = this.#watching
    const { span } = this.#navigation
    const assetId = session?.state.source?.assetId
    return controls({
      span,
      storyboard: assetId ? addresses.storyboard(this.#place.server, assetId, span.dates) : '',
      growing: session?.engine?.growing ?? false,
      live: facts?.live ?? false,
      atEdge: session?.atEdge === true && (phase === 'live' || phase === 'starting'),
      onSeek: (seconds) => this.#navigation.seekTo(seconds),
      onLive: () => this.#navigation.goLive(),
      onHelp: () => this.#navigation.run({ kind: 'help' }),
      settings: {
        qualities: session?.engine?.qualities,
        choice: facts?.live ? session?.engine?.choice : undefined,
        latency: this.#latency,
        forced: this.#asked,
        delay: session?.delay,
      },
      onTransport: (transport) => {
        this._forced = transport
      },
      onMenu: (open) => {
        this._menu = open
      },
    })
  }

  /** Why nothing moves. */
  #waiting() {
    const { session, phase, missing } = this.#watching
    // What was recorded is there, however long it takes to come: only live it is the broadcast that is waited for.
    const isLive = session?.state.source?.kind === 'live'
    const text = session?.unplayable ?? (isLive ? 'Waiting for the broadcast to go on …' : 'Loading …')
    // With the first failure something else is tried.
    const isHopeless = session?.unplayable && session.state.attempt > 1
    return html`<div class="waiting">
      ${this.#playback.refused || missing || isHopeless ? nothing : html`<div class="spinner" aria-hidden="true"></div>`}
      ${phase === 'stalled' || isHopeless ? html`<div class="note" role="status">${text}</div>` : nothing}
    </div>`
  }

  override render() {
    const { phase, missing } = this.#watching
    const { silenced, refused, paused } = this.#playback
    // Whoever has paused waits for nothing.
    const busy = !paused && (phase === 'starting' || phase === 'stalled')
    const idle = phase === 'offline' || missing
    return html`<div class="frame">
      <media-controller
        nohotkeys noautoseektolive novolumepref nomutedpref
        autohide=${this._menu ? -1 : 3}
        aria-label="Player"
        @mediapauserequest=${() => this.#playback.pause()}
      >
        <video
          slot="media"
          playsinline
          poster=${(!idle && this.poster && wholeAddress(this.poster, this.#place.server)) || nothing}
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
      ${busy ? this.#waiting() : nothing}
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
