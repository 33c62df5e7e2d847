import type { LadderEncoders, LadderHealth, LadderSettings, Rung } from '@bandstand/contract/api/ladder.ts'
import { LADDER_RUNGS_MAX } from '@bandstand/contract/limits.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { live } from 'lit/directives/live.js'
import { messageOf } from '../channel/request.ts'
import { sentence } from '../channel/sentence.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { studioStyles } from './styles.ts'

const MODES = {
  off: 'Off',
  'on-demand': 'While somebody watches one',
  always: 'Always',
} as const satisfies Record<LadderSettings['mode'], string>
const PRESETS = ['superfast', 'veryfast', 'faster', 'fast', 'medium'] as const satisfies LadderSettings['preset'][]
const STATES = {
  waiting: 'Ready: nobody watches a smaller picture.',
  starting: 'Starting …',
  running: 'Being made now.',
  failing: 'Not being made.',
  'nothing-to-do': 'Nothing to make.',
} as const satisfies Record<LadderHealth['state'], string>

/** Smaller pictures for slow connections. Inside the studio only. */
export class StudioLadderCard extends LitElement {
  static override properties = {
    slug: { type: String },
    health: { attribute: false },
    _settings: { state: true },
    _encoders: { state: true },
    _note: { state: true },
    _error: { state: true },
    _busy: { state: true },
  }
  declare slug: string
  /** How the ladder is; `undefined` while there is none, or nothing is known of it. */
  declare health: LadderHealth | undefined
  declare _settings: LadderSettings | undefined
  declare _encoders: LadderEncoders['encoders']
  declare _note: string
  declare _error: string
  declare _busy: boolean
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      .rung {
        display: grid;
        grid-template-columns: 1fr 1.2fr 1fr auto;
        gap: 0.5rem;
        align-items: end;
        border: 0;
        margin: 0;
        padding: 0;
      }
      .rung button {
        min-height: 38px;
      }
    `,
  ]

  constructor() {
    super()
    this.slug = ''
    this._encoders = []
    this._note = ''
    this._error = ''
    this._busy = false
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('slug') && this.slug) void this.#load()
  }

  async #load(): Promise<void> {
    const { slug } = this
    this._settings = undefined
    this._busy = false
    this._note = ''
    this._error = ''
    try {
      const settings = await api.ladder(slug)
      if (slug !== this.slug) return
      this._settings = settings
      const { encoders } = await api.ladderEncoders()
      if (slug === this.slug) this._encoders = encoders
    } catch (error) {
      if (slug === this.slug) this._error = messageOf(error)
    }
  }

  async #save(settings: LadderSettings): Promise<void> {
    const { slug } = this
    this._busy = true
    this._note = ''
    this._error = ''
    try {
      const saved = await api.setLadder(slug, settings)
      // Another channel is shown by now.
      if (slug !== this.slug) return
      this._settings = saved
      this._note = 'Saved. It counts from the next broadcast on.'
    } catch (error) {
      if (slug === this.slug) this._error = messageOf(error)
    } finally {
      if (slug === this.slug) this._busy = false
    }
  }

  /** What stands in the form. */
  #read(form: HTMLFormElement): LadderSettings | undefined {
    if (this._settings === undefined) return undefined
    const values = new FormData(form)
    const numbers = (name: string) => values.getAll(name).map(Number)
    const [heights, bitrates, rates] = [numbers('height'), numbers('bitrate'), numbers('frameRate')]
    return {
      mode: values.get('mode') as LadderSettings['mode'],
      encoder: values.get('encoder') as LadderSettings['encoder'],
      preset: values.get('preset') as LadderSettings['preset'],
      rungs: heights.map((height, i) => ({
        height,
        bitrate: Math.round((bitrates[i] ?? 0) * 1000),
        frameRate: rates[i] ?? 30,
      })),
    }
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    const settings = this.#read(event.target as HTMLFormElement)
    if (settings !== undefined) void this.#save(settings)
  }

  /** Keeps what has been typed so far. */
  #change(event: Event, change: (rungs: readonly Rung[]) => readonly Rung[]): void {
    const form = (event.target as HTMLElement).closest('form')
    const settings = form && this.#read(form)
    if (settings) this._settings = { ...settings, rungs: [...change(settings.rungs)] }
  }

  #rung({ height, bitrate, frameRate }: Rung, index: number, count: number) {
    const remove = (event: Event) => this.#change(event, (rungs) => rungs.filter((_, i) => i !== index))
    return html`<fieldset class="rung" aria-label=${`Picture ${index + 1}`}>
      <label>Height <input name="height" type="number" required min="144" max="2160" .value=${live(String(height))} /></label>
      <label>kbit/s <input name="bitrate" type="number" required min="100" max="50000" step="any" .value=${live(String(bitrate / 1000))} /></label>
      <label>Frames/s <input name="frameRate" type="number" required min="10" max="120" .value=${live(String(frameRate))} /></label>
      <button type="button" ?disabled=${count === 1} aria-label=${`Remove picture ${index + 1}`} @click=${remove}>×</button>
    </fieldset>`
  }

  #form(settings: LadderSettings) {
    const { mode, encoder, preset, rungs } = settings
    const works = new Set(this._encoders.filter((one) => one.works).map(({ name }) => name))
    const names = [...new Set([encoder, 'x264' as const, ...works])]
    const add = (event: Event) =>
      this.#change(event, (now) => [...now, { height: 240, bitrate: 400_000, frameRate: 30 }])
    const option = (value: string, text: string, chosen: string) =>
      html`<option value=${value} ?selected=${value === chosen}>${text}</option>`
    const isBroken = this._encoders.length > 0 && !works.has(encoder)
    const nameOf = (name: string) =>
      `${name === 'x264' ? 'x264 (processor)' : name}${this._encoders.length > 0 && !works.has(name as 'x264') ? ', does not work here' : ''}`
    // Where a row goes, or they come back sorted, each shows another's values, whatever has been typed in it (`live`). Not before
    // the settings are others: what is typed would go with each look at the ladder's health.
    const rows = guard([settings], () => rungs.map((rung, i) => this.#rung(rung, i, rungs.length)))
    return html`<form @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
      <label>Made
        <select name="mode">${Object.entries(MODES).map(([value, text]) => option(value, text, mode))}</select>
      </label>
      <label>Encoder
        <select name="encoder">${names.map((name) => option(name, nameOf(name), encoder))}</select>
      </label>
      ${isBroken ? html`<p class="hint">${this._encoders.find(({ name }) => name === encoder)?.reason}</p>` : nothing}
      <label>Preset of x264
        <select name="preset">${PRESETS.map((name) => option(name, name, preset))}</select>
      </label>
      ${rows}
      <div class="row">
        <button class="primary" ?disabled=${this._busy}>Save the ladder</button>
        <button type="button" ?disabled=${rungs.length >= LADDER_RUNGS_MAX} @click=${add}>Add a picture</button>
      </div>
    </form>`
  }

  override render() {
    const { health } = this
    return html`<section class="card" aria-labelledby="ladder">
      <h2 id="ladder">Smaller pictures</h2>
      <p class="hint">For viewers on slow connections. What your encoder sends is always there too, untouched. Those that are smaller than it are made, by ffmpeg on this machine.</p>
      ${health ? html`<p class="hint">${STATES[health.state]} ${health.message === null ? nothing : sentence(health.message)}</p>` : nothing}
      ${this._settings ? this.#form(this._settings) : nothing}
      <div role="status">
        ${this._note ? html`<p class="done">${this._note}</p>` : nothing}
        ${this._error ? html`<p class="error">${this._error}</p>` : nothing}
      </div>
    </section>`
  }
}

customElements.define('studio-ladder-card', StudioLadderCard)
