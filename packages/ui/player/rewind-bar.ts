import { css, html, LitElement, nothing } from 'lit'
import { type Preview, Storyboard } from './storyboard.ts'
import { clockText, spokenText } from './time-text.ts'

/** Width of what is moved along the bar; pixels. */
const thumb = 14

/** Which share of the bar a place on it stands for: its ends are where the middle of the thumb ends. Pixels. */
export function shareAt(x: number, width: number): number {
  return Math.min(1, Math.max(0, (x - thumb / 2) / Math.max(1, width - thumb)))
}

/**
 * The bar from the beginning of a broadcast to now. A range input under the skin, so keyboard and screen readers work.
 * Inside the player only: `<bandstand-rewind-bar>`.
 *
 * State goes in as properties, requests come out as events:
 * | property | |
 * |---|---|
 * | `length` | seconds from the beginning to the live edge or the end |
 * | `position` | seconds from the beginning |
 * | `live` | the end is the live edge |
 * | `growing` | there are more previews later |
 * | `storyboard` | address of the WebVTT file of previews that are shown above the pointer; empty for none |
 *
 * | event | detail |
 * |---|---|
 * | `seek` | seconds from the beginning |
 */
export class RewindBar extends LitElement {
  static override properties = {
    length: { type: Number },
    position: { type: Number },
    live: { type: Boolean },
    growing: { type: Boolean },
    storyboard: { type: String },
    _hover: { state: true },
    _drag: { state: true },
  }
  declare length: number
  declare position: number
  declare live: boolean
  declare growing: boolean
  declare storyboard: string
  declare _hover: number | undefined
  declare _drag: number | undefined

  static override styles = css`
    :host {
      display: block;
      position: relative;
      --_fill: var(--bandstand-live, #e5383b);
    }
    input {
      appearance: none;
      display: block;
      width: 100%;
      height: 24px;
      margin: 0;
      background: none;
      cursor: pointer;
    }
    input::-webkit-slider-runnable-track {
      height: 4px;
      border-radius: 4px;
      background: linear-gradient(to right, var(--_fill) var(--_at), rgb(255 255 255 / 0.32) var(--_at));
      transition: height 0.12s;
    }
    input::-moz-range-track {
      height: 4px;
      border-radius: 4px;
      background: linear-gradient(to right, var(--_fill) var(--_at), rgb(255 255 255 / 0.32) var(--_at));
    }
    input:is(:hover, :focus-visible)::-webkit-slider-runnable-track {
      height: 6px;
    }
    input::-webkit-slider-thumb {
      appearance: none;
      width: ${thumb}px;
      height: ${thumb}px;
      margin-top: -5px;
      border-radius: 50%;
      background: #fff;
      box-shadow: 0 0 3px rgb(0 0 0 / 0.6);
    }
    input:is(:hover, :focus-visible)::-webkit-slider-thumb {
      margin-top: -4px;
    }
    input::-moz-range-thumb {
      width: ${thumb}px;
      height: ${thumb}px;
      border: 0;
      border-radius: 50%;
      background: #fff;
    }
    input:focus-visible {
      outline: 2px solid #9ecbff;
      outline-offset: 0;
      border-radius: 6px;
    }
    output {
      position: absolute;
      bottom: 26px;
      transform: translateX(-50%);
      padding: 2px 8px;
      border-radius: 6px;
      background: rgb(0 0 0 / 0.85);
      color: #fff;
      font: 600 13px / 1.5 system-ui, sans-serif;
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
      pointer-events: none;
    }
    output:has(i) {
      padding: 3px 3px 0;
      text-align: center;
    }
    i {
      display: block;
      border-radius: 4px;
    }
    @media (prefers-reduced-motion: reduce) {
      * {
        transition: none !important;
      }
    }
  `

  readonly #previews = new Storyboard(() => this.requestUpdate())

  constructor() {
    super()
    this.length = 0
    this.position = 0
    this.live = false
    this.growing = false
    this.storyboard = ''
  }

  /** What a place on the bar is called: time from the beginning, or before live. */
  #label(seconds: number): string {
    if (!this.live) return clockText(seconds)
    const before = this.length - seconds
    return before < 4 ? 'Live' : `−${clockText(before)}`
  }

  #spoken(seconds: number): string {
    if (!this.live) return `${spokenText(seconds)} of ${spokenText(this.length)}`
    const before = this.length - seconds
    return before < 8 ? 'live' : `${spokenText(before)} behind live`
  }

  #onMove(event: PointerEvent): void {
    const box = this.getBoundingClientRect()
    this._hover = shareAt(event.clientX - box.left, box.width)
  }

  #onInput(event: Event): void {
    this._drag = Number((event.target as HTMLInputElement).value)
  }

  #onChange(event: Event): void {
    const detail = Number((event.target as HTMLInputElement).value)
    this._drag = undefined
    this.dispatchEvent(new CustomEvent('seek', { detail }))
  }

  #bubble(share: number, length: number) {
    const preview = this.#previews.at(this.storyboard, this.growing, share * length)
    // All of it stays above the bar.
    const margin = preview === undefined ? 32 : preview.width / 2 + 4
    return html`<output
      aria-hidden="true"
      style="left:clamp(${margin}px, ${thumb / 2}px + ${share.toFixed(3)} * (100% - ${thumb}px), 100% - ${margin}px)"
      >${preview === undefined ? nothing : picture(preview)}${this.#label(share * length)}</output
    >`
  }

  override render() {
    const length = Math.max(1, this.length)
    const value = this._drag ?? Math.min(this.position, length)
    const at = (value / length) * 100
    return html`
      <input
        type="range"
        aria-label="Rewind"
        min="0"
        .max=${String(Math.ceil(length))}
        step="1"
        .value=${String(value)}
        aria-valuetext=${this.#spoken(value)}
        style="--_at:${at.toFixed(2)}%"
        @input=${(event: Event) => this.#onInput(event)}
        @change=${(event: Event) => this.#onChange(event)}
        @pointermove=${(event: PointerEvent) => this.#onMove(event)}
        @pointerleave=${() => {
          this._hover = undefined
        }}
      />
      ${this._hover === undefined ? nothing : this.#bubble(this._hover, length)}
    `
  }
}

function picture({ sheet, x, y, width, height }: Preview) {
  return html`<i style="width:${width}px;height:${height}px;background:url(${sheet}) -${x}px -${y}px"></i>`
}

customElements.define('bandstand-rewind-bar', RewindBar)
