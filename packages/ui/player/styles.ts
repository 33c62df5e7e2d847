import { css } from 'lit'

export const playerStyles = css`
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
  .screen {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: end start;
    gap: 0.35rem;
    padding: clamp(16px, 4.5cqi, 48px);
    background: radial-gradient(120% 140% at 50% 0%, #3a2f45 0%, #1d1922 48%, #0e0c11 100%);
    text-align: start;
  }
  .screen img {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: cover;
  }
  .screen img + .words {
    text-shadow: 0 1px 10px rgb(0 0 0 / 0.9);
    padding: 0.6rem 0.9rem;
    border-radius: 12px;
    background: rgb(0 0 0 / 0.6);
  }
  .words {
    position: relative;
    max-width: min(100%, 36rem);
  }
  .words h2 {
    margin: 0;
    font-size: clamp(1.15rem, 4.2cqi, 2.3rem);
    line-height: 1.15;
    letter-spacing: -0.015em;
    text-wrap: balance;
  }
  .words p {
    max-width: 34ch;
    margin: 0.4rem 0 0;
    font-size: clamp(0.9rem, 2cqi, 1.05rem);
    line-height: 1.45;
    color: rgb(255 255 255 / 0.86);
    white-space: pre-line;
  }
  .last {
    display: inline-flex;
    align-items: center;
    gap: 0.6rem;
    margin-top: 0.8rem;
    min-height: 44px;
    box-sizing: border-box;
    padding: 0.35rem 1.1rem 0.35rem 0.8rem;
    border-radius: 999px;
    background: rgb(255 255 255 / 0.94);
    color: #15131a;
    font-weight: 650;
    line-height: 1.2;
    text-decoration: none;
    text-shadow: none;
  }
  .last:hover {
    background: #fff;
  }
  .last svg {
    flex: none;
    width: 24px;
    height: 24px;
    fill: currentColor;
  }
  .last small {
    display: block;
    font-size: 0.82rem;
    font-weight: 450;
  }
  .frame {
    container-type: inline-size;
    width: 100%;
    height: 100%;
  }
  .spinner {
    position: absolute;
    inset: 0;
    margin: auto;
    width: 44px;
    height: 44px;
    border-radius: 50%;
    border: 3px solid rgb(255 255 255 / 0.25);
    border-top-color: #fff;
    animation: turn 0.9s linear infinite;
    pointer-events: none;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  .note {
    position: absolute;
    inset-inline: 0;
    top: calc(50% + 36px);
    text-align: center;
    font-size: 0.9rem;
    text-shadow: 0 1px 4px #000;
    pointer-events: none;
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
  .bottom {
    display: flex;
    flex-direction: column;
    width: 100%;
    padding: 32px 10px 4px;
    box-sizing: border-box;
    background: linear-gradient(to top, rgb(0 0 0 / 0.82), rgb(0 0 0 / 0.45) 55%, transparent);
    pointer-events: auto;
    /* Time runs from left to right on pages of every script. */
    direction: ltr;
  }
  bandstand-rewind-bar {
    display: block;
    min-height: 24px;
    margin: 0 8px;
  }
  media-volume-range:not(:defined) {
    width: 100px;
  }
  media-control-bar {
    display: flex;
    align-items: center;
    width: 100%;
    background: none;
  }
  media-control-bar > * {
    border-radius: 8px;
    flex: none;
  }
  .grow {
    flex: 1;
  }
  .live {
    display: inline-flex;
    align-items: center;
    gap: 7px;
    min-height: 32px;
    margin-inline: 6px;
    padding: 0 10px;
    border: 0;
    border-radius: 8px;
    background: transparent;
    color: #fff;
    font: 700 13px / 1 var(--_font);
    font-variant-numeric: tabular-nums;
    letter-spacing: 0.03em;
    cursor: pointer;
    white-space: nowrap;
  }
  .live:hover {
    background: rgb(255 255 255 / 0.16);
  }
  .live::before {
    content: '';
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: rgb(255 255 255 / 0.55);
  }
  .live[data-at-edge]::before {
    background: var(--_live);
    box-shadow: 0 0 0 3px color-mix(in srgb, var(--_live) 35%, transparent);
  }
  .live .far {
    font-weight: 500;
    letter-spacing: 0;
    color: rgb(255 255 255 / 0.86);
  }
  .time {
    font: 500 13px / 1 var(--_font);
    font-variant-numeric: tabular-nums;
    margin-inline: 8px;
    white-space: nowrap;
  }
  .plain {
    display: inline-grid;
    place-items: center;
    width: 42px;
    height: 42px;
    border: 0;
    background: transparent;
    color: #fff;
    cursor: pointer;
    font: 700 17px / 1 var(--_font);
  }
  .plain:hover {
    background: rgb(255 255 255 / 0.16);
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
  @container (max-width: 480px) {
    .words p {
      display: -webkit-box;
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 3;
      overflow: hidden;
    }
    .wide {
      display: none;
    }
    .bottom {
      padding-inline: 2px;
    }
  }
  @container (max-width: 380px) {
    media-pip-button {
      display: none;
    }
    .live {
      margin-inline: 0;
      padding-inline: 6px;
    }
  }
  @media (hover: none) {
    .wide {
      display: none;
    }
  }
`
