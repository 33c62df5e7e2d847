import { css } from 'lit'

/** A question that stands before everything else. */
export const dialogs = css`
  dialog {
    color: var(--_text);
    background: var(--_surface);
    border: 1px solid var(--_line);
    border-radius: 14px;
    padding: 1.4rem 1.5rem;
    max-width: min(30rem, calc(100vw - 3rem));
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.55);
  }
`
