import type { ChannelHealth, EncoderFacts } from '@bandstand/contract/api/health.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'
import { codecText, rateText } from './units.ts'

const every = 2000

/** Of a rendition that the encoder makes besides its first. */
const STATES = {
  waiting: 'nothing yet',
  stopped: 'nothing comes',
  misaligned: 'key frames stand apart',
}

/** AAC made of sound in another codec. */
const MADE_SOUND = {
  waiting: 'made when a viewer needs it',
  starting: 'begins',
  running: 'made for a viewer who needs it',
  failing: 'fails',
  impossible: 'not possible',
}

/** What is known of a channel as it goes on. */
export interface HealthNews {
  readonly slug: string
  readonly health: ChannelHealth
}

/**
 * What the encoder sends now, with advice in plain words. Inside the studio only.
 *
 * | event | |
 * |---|---|
 * | `health` | {@link HealthNews} as `detail`, each time the server has been asked |
 */
export class StudioHealthCard extends LitElement {
  static override properties = {
    slug: { type: String },
    _health: { state: true },
    _error: { state: true },
  }
  declare slug: string
  declare _health: ChannelHealth | undefined
  declare _error: string
  static override styles = [
    tokens,
    buttons,
    studioStyles,
    css`
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
        gap: 0.9rem 1.2rem;
        margin: 0;
      }
      dt {
        color: var(--_muted);
        font-size: 0.85rem;
      }
      dd {
        margin: 0;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        gap: 0.6rem;
      }
      li {
        padding: 0.6rem 0.8rem;
        border-radius: 10px;
        background: var(--_raised);
        border-inline-start: 4px solid var(--_tone);
      }
      .good {
        --_tone: light-dark(#2e8b4e, #6cc788);
      }
      .hint-level {
        --_tone: light-dark(#b97600, #f0b44c);
      }
      .warning {
        --_tone: light-dark(#c62828, #ff8b80);
      }
      li b {
        display: block;
        font-size: 0.85rem;
      }
    `,
  ]

  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    super()
    this.slug = ''
    this._error = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.slug) void this.#ask()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('slug')) return
    this._health = undefined
    if (this.slug) void this.#ask()
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer)
    const { slug } = this
    if (document.visibilityState === 'visible') {
      try {
        const health = await api.health(slug)
        if (slug === this.slug) {
          this._health = health
          this.dispatchEvent(new CustomEvent<HealthNews>('health', { detail: { slug, health } }))
        }
        this._error = ''
      } catch (error) {
        this._error = messageOf(error)
      }
    }
    if (this.isConnected && slug === this.slug) this.#timer = setTimeout(() => this.#ask(), every)
  }

  #facts(facts: EncoderFacts) {
    const { protocol, video, audio, furtherSounds, sound, encoder, remote, reconnects, brought, line, hls } = facts
    const rows: [string, string][] = []
    if (video) {
      rows.push(['Picture', `${video.width} × ${video.height}`])
      rows.push([
        'Frames a second',
        video.frameRate === null ? '…' : video.frameRate.toFixed(video.frameRate % 1 < 0.05 ? 0 : 2),
      ])
      rows.push(['Video', `${codecText(video.codec)}, ${rateText(video.bitrate)}`])
      const keys = video.keyFrameInterval
      rows.push(['Key frames', keys === null ? '…' : `every ${(keys / 1000).toFixed(1)} s`])
    }
    for (const { width, height, codec, bitrate, state } of brought?.renditions ?? []) {
      const flow = state === 'live' ? rateText(bitrate) : STATES[state]
      rows.push([`Rendition ${width} × ${height}`, `${codecText(codec)}, ${flow}`])
    }
    if (audio) {
      const channels = audio.channels === 1 ? 'mono' : audio.channels === 2 ? 'stereo' : `${audio.channels} channels`
      rows.push(['Sound', `${codecText(audio.codec)}, ${rateText(audio.bitrate)}`])
      rows.push(['Sound format', `${(audio.sampleRate / 1000).toFixed(1).replace('.0', '')} kHz, ${channels}`])
    }
    for (const { name, codec, bitrate, state } of furtherSounds) {
      rows.push([`Sound: ${name}`, `${codecText(codec)}, ${state === 'stopped' ? STATES[state] : rateText(bitrate)}`])
    }
    if (sound) rows.push(['Sound in AAC', MADE_SOUND[sound.state]])
    rows.push(['Comes by', protocol === 'demo' ? 'the built-in demo' : protocol.toUpperCase()])
    rows.push(['Reconnects', String(reconnects)])
    if (hls) {
      rows.push([
        'Source',
        { put: 'put here by the encoder', folder: 'a watched folder', url: 'another server' }[hls.source],
      ])
      const format = { mpegts: 'MPEG-TS', fmp4: 'fragmented MP4' }[hls.format ?? 'fmp4']
      const parts = hls.parts === null ? '' : `, parts of ${(hls.parts / 1000).toFixed(1)} s`
      if (hls.format !== null) rows.push(['Segments', `${format}, up to ${hls.segments / 1000} s${parts}`])
      rows.push(['Segments lost', String(hls.lost)])
    }
    if (line) {
      const share = (count: number) => `${((count * 100) / Math.max(1, line.packets + line.dropped)).toFixed(1)} %`
      rows.push(['Round trip', `${line.roundTrip} ms`])
      rows.push(['Latency', `${line.latency} ms, ${line.buffered} ms in the buffer`])
      rows.push(['Lost on the line', `${share(line.lost)}, ${share(line.retransmitted)} sent again`])
      rows.push(['Came too late', share(line.dropped)])
    }
    return html`<dl>
        ${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
      <p class="hint">From ${remote}${encoder ? html` with ${encoder}` : nothing}</p>`
  }

  override render() {
    const health = this._health
    const levels = { good: 'Good', hint: 'Could be better', warning: 'Needs attention' } as const
    return html`<section class="card" aria-labelledby="health">
      <h2 id="health">What your encoder sends</h2>
      ${this._error ? html`<p class="error" role="status">${this._error}</p>` : nothing}
      ${health?.encoder ? this.#facts(health.encoder) : nothing}
      ${health && !health.connected ? html`<p class="hint">No encoder is connected. Press “Start Streaming” in OBS.</p>` : nothing}
      ${
        health && health.advice.length > 0
          ? html`<ul aria-label="Advice">
              ${health.advice.map(
                ({ level, text }) =>
                  html`<li class=${level === 'hint' ? 'hint-level' : level}><b>${levels[level]}</b>${text}</li>`,
              )}
            </ul>`
          : nothing
      }
    </section>`
  }
}

customElements.define('studio-health-card', StudioHealthCard)
