import { css } from 'lit'

/** The bar and the buttons below it. Time runs from left to right on pages of every script. */
export const controlStyles = css`
  .bottom {
    display: flex;
    flex-direction: column;
    width: 100%;
    padding: 32px 10px 4px;
    box-sizing: border-box;
    background: linear-gradient(to top, rgb(0 0 0 / 0.82), rgb(0 0 0 / 0.45) 55%, transparent);
    pointer-events: auto;
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
  @container (max-width: 480px) {
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
