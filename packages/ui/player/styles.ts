import { css } from 'lit'
import { controlStyles } from './control-styles.ts'
import { screenStyles } from './screen-styles.ts'

/** The frame, what lies over the picture, and the help. */
const frameStyles = css`
  :host {
    display: block;
    position: relative;
    aspect-ratio: 16 / 9;
    background: #000;
    color: #fff;
    overflow: hidden;
    border-radius: var(--bandstand-player-radius, 0);
    --media-primary-color: #fff;
    --media-secondary-color: transparent;
    --media-control-background: transparent;
    --media-control-hover-background: rgb(255 255 255 / 0.16);
    --media-focus-box-shadow: inset 0 0 0 2px #9ecbff;
    --media-tooltip-display: none;
    --media-font-family: var(--_font);
    --media-control-height: 24px;
    --media-control-padding: 9px;
    --media-range-thumb-background: #fff;
    --media-range-bar-color: #fff;
  }
  media-controller {
    display: flex;
    width: 100%;
    height: 100%;
    background: #000;
  }
  video {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    pointer-events: none;
  }
  .frame {
    container-type: inline-size;
    width: 100%;
    height: 100%;
  }
  /* Between the button for sound and the rewind bar. */
  .waiting {
    position: absolute;
    inset: 54px 0 72px;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: clamp(2px, 1cqi, 12px);
    pointer-events: none;
  }
  .spinner {
    flex: none;
    box-sizing: border-box;
    width: clamp(28px, 9cqi, 50px);
    aspect-ratio: 1;
    border-radius: 50%;
    border: 3px solid rgb(255 255 255 / 0.25);
    border-top-color: #fff;
    animation: turn 0.9s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  .note {
    text-align: center;
    font-size: 0.9rem;
    line-height: 1.3;
    text-shadow: 0 1px 4px #000;
  }
  .sound {
    position: absolute;
    top: 14px;
    left: 14px;
    z-index: 2;
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-height: 40px;
    padding: 6px 16px 6px 12px;
    border: 0;
    border-radius: 999px;
    background: rgb(255 255 255 / 0.94);
    color: #15131a;
    font: 600 15px / 1 var(--_font);
    cursor: pointer;
    box-shadow: 0 2px 14px rgb(0 0 0 / 0.4);
  }
  .sound svg {
    width: 20px;
    height: 20px;
    fill: currentColor;
  }
  button:focus-visible {
    outline: 2px solid #9ecbff;
    outline-offset: -2px;
  }
  dialog {
    color: #fff;
    background: rgb(20 18 24 / 0.97);
    border: 1px solid rgb(255 255 255 / 0.2);
    border-radius: 14px;
    padding: 18px 22px;
    max-height: 90%;
    overflow: auto;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.5);
  }
  dialog h2 {
    margin: 0 0 10px;
    font-size: 1.05rem;
  }
  dialog dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 6px 20px;
    margin: 0 0 16px;
    font-size: 0.92rem;
  }
  dialog dt {
    font-weight: 700;
  }
  dialog dd {
    margin: 0;
  }
  dialog button {
    font: 600 0.95rem var(--_font);
    min-height: 36px;
    padding: 0 16px;
    border-radius: 8px;
    border: 1px solid rgb(255 255 255 / 0.4);
    background: transparent;
    color: #fff;
    cursor: pointer;
  }
`

export const playerStyles = [frameStyles, screenStyles, controlStyles]
