import type { MultitrackEncoder } from '@bandstand/contract/api/multitrack.ts'
import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import './secret-field.ts'
import { studioStyles } from './styles.ts'

const HEIGHTS = [2160, 1440, 1080, 900, 720, 540]
const FRAME_RATES = [24, 25, 30, 48, 50, 60]
const ENCODERS = {
  x264: 'x264 (processor)',
  nvenc: 'NVIDIA NVENC',
  amf: 'AMD',
  qsv: 'Intel Quick Sync',
  vaapi: 'VAAPI (Linux)',
  videotoolbox: 'Apple VideoToolbox',
} as const satisfies Record<MultitrackEncoder, string>

/** What OBS takes to make the channel's smaller pictures itself. Inside the studio only. */
export class StudioMultitrackCard extends LitElement {
  static override properties = {
    slug: { type: String },
    _config: { state: true },
    _error: { state: true },
  }
  declare slug: string
  /** As it is pasted. */
  declare _config: string | undefined
  declare _error: string
  static override styles = [tokens, buttons, fields, studioStyles]

  /** Of requests: only the newest one's answer counts. */
  #turn = 0

  constructor() {
    super()
    this.slug = ''
    this._error = ''
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('slug')) return
    this.#turn++
    this._config = undefined
    this._error = ''
  }

  async #make(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const values = new FormData(event.target as HTMLFormElement)
    const number = (name: string) => Number(values.get(name))
    const turn = ++this.#turn
    try {
      const encoder = values.get('encoder') as MultitrackEncoder
      const config = await api.multitrack(this.slug, number('height'), number('frameRate'), encoder)
      if (turn !== this.#turn) return
      this._config = JSON.stringify(config)
      this._error = ''
    } catch (error) {
      if (turn === this.#turn) this._error = messageOf(error)
    }
  }

  override render() {
    const option = (value: number | string, text: string, isChosen: boolean) =>
      html`<option value=${value} ?selected=${isChosen}>${text}</option>`
    return html`<section class="card" aria-labelledby="multitrack">
      <h2 id="multitrack">Smaller pictures made by OBS</h2>
      <p class="hint">OBS 30.2 and newer can make the smaller pictures of this channel itself, and this server only passes them on. It takes the connection and the computer for all of them.</p>
      <form @submit=${(event: SubmitEvent) => this.#make(event)}>
        <label>Your picture
          <select name="height">${HEIGHTS.map((height) => option(height, `${height}p`, height === 1080))}</select>
        </label>
        <label>Frames/s
          <select name="frameRate">${FRAME_RATES.map((rate) => option(rate, String(rate), rate === 30))}</select>
        </label>
        <label>Encoder
          <select name="encoder">${Object.entries(ENCODERS).map(([name, text]) => option(name, text, name === 'x264'))}</select>
        </label>
        <div class="row"><button>Make the configuration</button></div>
      </form>
      ${
        this._config === undefined
          ? nothing
          : html`<studio-secret-field label="Config Override (JSON)" .value=${this._config}></studio-secret-field>`
      }
      <studio-secret-field label="Or its address, for OBS’s --config-url" .value=${new URL('/api/v1/multitrack', location.href).href}></studio-secret-field>
      <div role="status">${this._error ? html`<p class="error">${this._error}</p>` : nothing}</div>
    </section>`
  }
}

customElements.define('studio-multitrack-card', StudioMultitrackCard)
