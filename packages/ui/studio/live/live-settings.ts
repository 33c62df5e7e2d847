import type { Channel } from '@bandstand/contract/api/channel.ts'
import { html, LitElement, nothing } from 'lit'
import { fields } from '../../style/forms.ts'
import { tokens } from '../../style/tokens.ts'
import { studioStyles } from '../styles.ts'
import { rateText } from '../units.ts'
import type { Devices } from './devices.ts'
import { BITRATES, SIZES, sizeNamed } from './sizes.ts'
import type { PictureSource, SourceChoice } from './sources.ts'
import { liveStyles } from './styles.ts'

/** All that is chosen before going live. */
export interface LiveChoice extends SourceChoice {
  /** Bits a second; 0 for what suits the size. */
  readonly bitrate: number
  readonly withSmaller: boolean
}

const PICTURES: readonly (readonly [PictureSource, string])[] = [
  ['camera', 'Camera'],
  ['screen', 'Screen or window'],
  ['none', 'No picture, sound only'],
]
const OFF = 'off'

/**
 * What is sent, and how. Inside the page to go live from only.
 *
 * | event | |
 * |---|---|
 * | `chosen` | {@link LiveChoice} as `detail` |
 * | `channel` | slug as `detail` |
 */
export class StudioLiveSettings extends LitElement {
  static override properties = {
    channels: { attribute: false },
    slug: { type: String },
    devices: { attribute: false },
    choice: { attribute: false },
    busy: { type: Boolean },
  }
  declare channels: readonly Channel[]
  declare slug: string
  declare devices: Devices
  declare choice: LiveChoice
  /** Live, or about to be: what would need another connection cannot be changed. */
  declare busy: boolean
  static override styles = [tokens, fields, studioStyles, liveStyles]

  #choose(change: Partial<LiveChoice>): void {
    this.dispatchEvent(new CustomEvent('chosen', { detail: { ...this.choice, ...change } }))
  }

  #select(
    label: string,
    value: string,
    values: readonly (readonly [string, string])[],
    chosen: (value: string) => void,
    disabled = false,
  ) {
    return html`<label
      >${label}
      <select ?disabled=${disabled} @change=${(event: Event) => chosen((event.target as HTMLSelectElement).value)}>
        ${values.map(([key, text]) => html`<option value=${key} ?selected=${key === value}>${text}</option>`)}
      </select>
    </label>`
  }

  override render() {
    const { choice, devices, busy } = this
    const { size } = choice
    const named = (all: readonly MediaDeviceInfo[], what: string) =>
      all.map(({ deviceId, label }, i) => [deviceId, label || `${what} ${i + 1}`] as const)
    const cameras = named(devices.cameras, 'Camera')
    const microphones = named(devices.microphones, 'Microphone')
    const rates = BITRATES.map((rate) => [String(rate), rateText(rate)] as const)
    return html`<section class="card" aria-labelledby="settings">
      <h2 id="settings">What is sent</h2>
      ${
        this.channels.length > 1
          ? this.#select(
              'Channel',
              this.slug,
              this.channels.map(({ slug, title }) => [slug, title] as const),
              (slug) => this.dispatchEvent(new CustomEvent('channel', { detail: slug })),
              busy,
            )
          : nothing
      }
      ${this.#select(
        'Picture',
        choice.picture,
        busy && choice.picture !== 'none' ? PICTURES.slice(0, 2) : PICTURES,
        (picture) => this.#choose({ picture: picture as PictureSource }),
        busy && choice.picture === 'none',
      )}
      ${
        choice.picture === 'camera' && cameras.length > 1
          ? this.#select('Camera', choice.camera || (cameras[0]?.[0] ?? ''), cameras, (camera) =>
              this.#choose({ camera }),
            )
          : nothing
      }
      ${this.#select(
        'Microphone',
        choice.withSound ? choice.microphone || (microphones[0]?.[0] ?? '') : OFF,
        [...(microphones.length > 0 ? microphones : [['', 'Microphone'] as const]), [OFF, 'No sound'] as const],
        (value) => this.#choose(value === OFF ? { withSound: false } : { withSound: true, microphone: value }),
        busy && !choice.withSound,
      )}
      ${this.#select(
        'Size',
        size.name,
        SIZES.map(({ name, width, height }) => [name, `${name} (${width} × ${height})`] as const),
        (name) => this.#choose({ size: sizeNamed(name) }),
        busy || choice.picture === 'none',
      )}
      ${this.#select(
        'Bitrate',
        String(choice.bitrate),
        [['0', `Suits the size (${rateText(size.bitrate)})`] as const, ...rates],
        (rate) => this.#choose({ bitrate: Number(rate) }),
        busy || choice.picture === 'none',
      )}
      <label class="check"
        ><input
          type="checkbox"
          .checked=${choice.withSmaller}
          ?disabled=${busy || choice.picture === 'none'}
          @change=${(event: Event) => this.#choose({ withSmaller: (event.target as HTMLInputElement).checked })}
        /><span
          >Also send smaller pictures<small
            >For viewers on thin lines. Your computer encodes each of them, and the server none.</small
          ></span
        ></label
      >
    </section>`
  }
}

customElements.define('studio-live-settings', StudioLiveSettings)
