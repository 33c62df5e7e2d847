import { css } from 'lit'
import { dialogs } from '../style/dialogs.ts'

export const studioStyles = css`
  ${dialogs}
  :host {
    display: block;
    color: var(--_text);
    font-size: 1rem;
    line-height: 1.5;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  h2 {
    font-size: 1.12rem;
    letter-spacing: -0.01em;
  }
  h3 {
    font-size: 0.95rem;
  }
  .card {
    background: var(--_surface);
    border: 1px solid var(--_line);
    border-radius: 14px;
    padding: 1.2rem 1.3rem 1.3rem;
    display: grid;
    gap: 0.9rem;
    align-content: start;
  }
  .hint {
    color: var(--_muted);
    font-size: 0.9rem;
  }
  .error {
    color: light-dark(#a3160d, #ffb0a6);
    font-size: 0.92rem;
  }
  .done {
    color: light-dark(#1c6b32, #8fdca4);
    font-size: 0.92rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    align-items: center;
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr));
    gap: 0.9rem;
  }
  .row > .fill {
    flex: 1 1 12rem;
    min-width: 0;
  }
  label {
    font-weight: 600;
    font-size: 0.92rem;
    display: grid;
    gap: 0.3rem;
  }
  form {
    display: grid;
    gap: 0.9rem;
  }
  code,
  .mono {
    font-family: ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, monospace;
    font-size: 0.92em;
    overflow-wrap: anywhere;
  }
  div[role='status']:not(:has(p)) {
    display: none;
  }
  .danger {
    color: light-dark(#a3160d, #ffb0a6);
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  dialog p {
    margin: 0.6rem 0 1.2rem;
  }
`
