import type { Instance } from '@bandstand/contract/api/instance.ts'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { messageOf } from '../channel/request.ts'
import { buttons, fields } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { api } from './api.ts'
import { confirmed } from './confirm.ts'
import './secret-field.ts'
import { studioStyles } from './styles.ts'

/** What to type into the encoder. Inside the studio only. */
export class StudioConnectCard extends LitElement {
  static override properties = {
    slug: { type: String },
    instance: { attribute: false },
    _key: { state: true },
    _error: { state: true },
    _note: { state: true },
  }
  declare slug: string
  declare instance: Instance | undefined
  declare _key: string | undefined
  declare _error: string
  declare _note: string
  static override styles = [
    tokens,
    buttons,
    fields,
    studioStyles,
    css`
      details > :not(summary) {
        margin-top: 0.5rem;
      }
      details > h3 {
        margin-top: 1.1rem;
      }
    `,
  ]

  /** Of requests: only the newest one's answer counts, which a new key is and another channel's is not. */
  #turn = 0

  constructor() {
    super()
    this.slug = ''
    this._error = ''
    this._note = ''
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('slug') || !this.slug) return
    this._key = undefined
    this._note = ''
    void this.#run(() => api.key(this.slug))
  }

  /** @returns whether the key that is shown now came of it */
  async #run(get: () => Promise<{ key: string }>): Promise<boolean> {
    const turn = ++this.#turn
    try {
      const { key } = await get()
      if (turn !== this.#turn) return false
      this._key = key
      this._error = ''
      return true
    } catch (error) {
      if (turn === this.#turn) this._error = messageOf(error)
      return false
    }
  }

  async #rotate(): Promise<void> {
    const yes = await confirmed({
      title: 'Make a new stream key?',
      text: 'The old key stops working at once, and an encoder that is live with it is disconnected.',
      action: 'Make a new key',
    })
    if (!yes) return
    if (await this.#run(() => api.rotateKey(this.slug)))
      this._note = 'This is the new key. The old one does not work any more.'
  }

  /** Out of the way of who needs the two fields for OBS alone. */
  #otherWays({ srt, whip }: Instance['publish'], key: string) {
    const here = (path: string) => new URL(path, location.href).href
    const passphrase = srt?.encrypted
      ? ' Put &passphrase=… behind it, with the passphrase of the server’s settings.'
      : nothing
    const names = [...(srt ? ['SRT'] : []), ...(whip ? ['WHIP'] : []), 'HLS'].join(', ')
    return html`<details>
      <summary>Other encoders: ${names}</summary>
      ${
        srt &&
        html`<h3>SRT, for lines that lose packets</h3>
          <p class="hint">In OBS this is the server, and the stream key stays empty.${passphrase}</p>
          <studio-secret-field label="SRT address" secret .value=${`${srt.address}?streamid=publish:${key}`}></studio-secret-field>`
      }
      ${
        whip
          ? html`<h3>WHIP, for OBS 30 and newer</h3>
              <p class="hint">In OBS: Service “WHIP”, this as the server, the stream key as the bearer token; key frames every 2 s, no B-frames.</p>
              <studio-secret-field label="WHIP address" .value=${here(`/live/${this.slug}/whip`)}></studio-secret-field>`
          : nothing
      }
      <h3>HLS, for encoders that make it themselves</h3>
      <p class="hint">By HTTP PUT: the playlist goes here, the segments beside it.</p>
      <studio-secret-field label="HLS address" secret .value=${here(`/ingest/hls/${encodeURIComponent(key)}/out.m3u8`)}></studio-secret-field>
    </details>`
  }

  override render() {
    const { rtmp = null, rtmps = null } = this.instance?.publish ?? {}
    const server = rtmps ?? rtmp
    return html`<section class="card" aria-labelledby="connect">
      <h2 id="connect">Connect your encoder</h2>
      <p class="hint">In OBS: Settings → Stream → Service “Custom…”, then these two.</p>
      ${
        server
          ? html`<studio-secret-field label="Server" .value=${server}></studio-secret-field>`
          : this.instance
            ? html`<p class="error">RTMP is switched off in the server’s settings.</p>`
            : nothing
      }
      ${
        this._key === undefined
          ? nothing
          : html`<studio-secret-field label="Stream key" secret .value=${this._key}></studio-secret-field>`
      }
      ${this.instance === undefined || this._key === undefined ? nothing : this.#otherWays(this.instance.publish, this._key)}
      <div class="row">
        <button type="button" @click=${() => this.#rotate()}>New key …</button>
        <span class="hint">Whoever has the key can broadcast on this channel.</span>
      </div>
      <div role="status">
        ${this._note ? html`<p class="done">${this._note}</p>` : nothing}
        ${this._error ? html`<p class="error">${this._error}</p>` : nothing}
      </div>
    </section>`
  }
}

customElements.define('studio-connect-card', StudioConnectCard)
