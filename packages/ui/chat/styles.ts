import { css } from 'lit'
import { dialogs } from '../style/dialogs.ts'

export const chatStyles = css`
  ${dialogs}
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    height: 100%;
    position: relative;
    background: var(--_surface);
    color: var(--_text);
    font-size: 0.95rem;
    line-height: 1.45;
  }
  .log {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    padding: 0.6rem 0;
    display: flex;
    flex-direction: column;
  }
  .log:focus-visible {
    outline-offset: -2px;
  }
  ul {
    list-style: none;
    margin: auto 0 0;
    padding: 0;
  }
  li {
    position: relative;
    padding: 0.2rem 1rem;
  }
  li:hover,
  li:focus-within {
    background: var(--_raised);
  }
  p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  time {
    font-size: 0.75rem;
    color: var(--_muted);
    font-variant-numeric: tabular-nums;
    margin-inline-end: 0.3rem;
  }
  b {
    font-weight: 650;
    margin-inline-end: 0.35rem;
    color: light-dark(oklch(0.46 0.13 var(--hue)), oklch(0.82 0.1 var(--hue)));
  }
  b.owner {
    color: var(--_text);
  }
  .badge {
    font-size: 0.68rem;
    font-weight: 700;
    letter-spacing: 0.03em;
    padding: 0.1em 0.5em;
    border-radius: 4px;
    background: var(--_accent);
    color: var(--_on-accent);
    vertical-align: 1px;
  }
  a {
    color: light-dark(#0b57d0, #9ecbff);
  }
  .pending {
    opacity: 0.7;
  }
  .why {
    font-size: 0.85rem;
    color: light-dark(#a3160d, #ffb0a6);
  }
  .refused .text {
    text-decoration: line-through;
  }
  .act {
    position: absolute;
    top: -8px;
    right: 8px;
    display: flex;
    gap: 2px;
    opacity: 0;
    background: var(--_surface);
    border: 1px solid var(--_line);
    border-radius: 8px;
  }
  li:hover .act,
  li:focus-within .act {
    opacity: 1;
  }
  .act button {
    min-height: 28px;
    padding: 0 0.6em;
    font-size: 0.8rem;
  }
  @media (hover: none) {
    .act {
      position: static;
      opacity: 1;
      width: max-content;
      margin-inline-start: -0.6em;
      border: 0;
      background: none;
    }
    .act button {
      min-height: 32px;
      color: var(--_muted);
    }
  }
  .empty {
    margin: auto;
    padding: 2rem 1rem;
    text-align: center;
    color: var(--_muted);
  }
  .unread {
    position: absolute;
    bottom: 96px;
    left: 50%;
    translate: -50% 0;
    border-radius: 999px;
    box-shadow: 0 2px 12px rgb(0 0 0 / 0.35);
    z-index: 1;
  }
  .foot {
    border-top: 1px solid var(--_line);
    padding: 0.7rem 1rem max(0.7rem, env(safe-area-inset-bottom));
  }
  form {
    display: grid;
    gap: 0.4rem;
  }
  .row {
    display: flex;
    gap: 0.5rem;
  }
  .row input {
    flex: 1;
    min-width: 0;
    font-size: max(16px, 1rem);
  }
  .who {
    color: var(--_muted);
    font-size: 0.85rem;
    display: flex;
    align-items: center;
    gap: 0.3rem;
  }
  .who b {
    color: var(--_text);
    margin: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .small {
    min-height: 24px;
    padding: 0 0.5em;
    font-size: inherit;
    font-weight: 500;
    color: var(--_muted);
    text-decoration: underline;
    white-space: nowrap;
  }
  dialog h2 {
    margin: 0;
    font-size: 1.1rem;
    overflow-wrap: anywhere;
  }
  .check {
    display: flex;
    gap: 0.6rem;
    align-items: start;
  }
  .check input {
    flex: none;
    width: 20px;
    height: 20px;
    margin: 0;
    accent-color: var(--_accent);
  }
  .end {
    justify-content: end;
    margin-top: 0.8rem;
  }
  .notice {
    padding: 0.3rem 0;
    font-size: 0.88rem;
    color: light-dark(#7a3b00, #ffcf99);
  }
  :host > .notice {
    padding-inline: 1rem;
  }
`
