import { css } from 'lit'

/** The menu is opaque: on a phone it stands over the chat, whose lines would be read through it. */
export const menuStyles = css`
  :host {
    position: relative;
    color: #fff;
  }
  #button {
    display: inline-grid;
    place-items: center;
    width: 42px;
    height: 42px;
    padding: 0;
    border: 0;
    border-radius: 8px;
    background: transparent;
    color: #fff;
    cursor: pointer;
  }
  #button:hover {
    background: rgb(255 255 255 / 0.16);
  }
  svg {
    width: 24px;
    height: 24px;
    fill: currentColor;
    transition: rotate 0.15s;
  }
  #button[aria-expanded='true'] svg {
    rotate: 30deg;
  }
  .popup {
    position: absolute;
    right: -42px;
    bottom: 48px;
    z-index: 3;
    box-sizing: border-box;
    width: max-content;
    min-width: 15rem;
    max-width: min(21rem, calc(100cqi - 24px));
    max-height: var(--_room, 20rem);
    overflow-y: auto;
    overscroll-behavior: contain;
    padding: 6px;
    border: 1px solid rgb(255 255 255 / 0.2);
    border-radius: 12px;
    background: #141218;
    font: 500 15px / 1.35 var(--_font);
    text-align: start;
  }
  .popup:popover-open {
    position: fixed;
    inset: auto 8px 8px;
    width: auto;
    max-width: none;
    max-height: min(80vh, 34rem);
    margin: 0;
    color: #fff;
  }
  [role='group'] + [role='group'] {
    margin-top: 4px;
    padding-top: 4px;
    border-top: 1px solid rgb(255 255 255 / 0.16);
  }
  h3 {
    margin: 0;
    padding: 6px 10px 2px;
    font-size: 12.5px;
    font-weight: 600;
    color: rgb(255 255 255 / 0.78);
  }
  [role='menuitemradio'] {
    display: block;
    box-sizing: border-box;
    width: 100%;
    min-height: 36px;
    padding: 4px 12px 4px 34px;
    border: 0;
    border-radius: 8px;
    background: transparent;
    color: inherit;
    font: inherit;
    text-align: start;
    cursor: pointer;
    position: relative;
  }
  [role='menuitemradio']:is(:hover, :focus-visible) {
    background: rgb(255 255 255 / 0.14);
  }
  [aria-checked='true']::before {
    content: '';
    position: absolute;
    left: 13px;
    top: 50%;
    width: 10px;
    height: 5px;
    border: solid currentColor;
    border-width: 0 0 2px 2px;
    transform: translateY(-75%) rotate(-45deg);
  }
  .state {
    padding: 4px 10px 6px;
    font-size: 13px;
    color: rgb(255 255 255 / 0.86);
  }
  .state p {
    margin: 4px 0 0;
  }
  button:focus-visible {
    outline: 2px solid #9ecbff;
    outline-offset: -2px;
  }
  @media (pointer: coarse) {
    [role='menuitemradio'] {
      min-height: 44px;
    }
  }
`
