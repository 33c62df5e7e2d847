import { html } from 'lit'

/** What a click has to give because the browser refused it: playing at all (`refused`), or sound. */
export function soundButton({ refused, onClick }: { readonly refused: boolean; readonly onClick: () => void }) {
  return html`<button class="sound" type="button" @click=${onClick}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${refused ? play : muted} /></svg>
    ${refused ? 'Tap to play' : 'Tap for sound'}
  </button>`
}

const play = 'M8 5v14l11-7z'
const muted =
  'M3 9v6h4l5 5V4L7 9H3zm17.6-.2L18.2 11.2 15.8 8.8 14.4 10.2 16.8 12.6 14.4 15 15.8 16.4 18.2 14 20.6 16.4 22 15 19.6 12.6 22 10.2z'
