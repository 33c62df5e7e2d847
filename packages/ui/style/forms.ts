import { css } from 'lit'

/** Buttons, and links that look like them. */
export const buttons = css`
  button,
  .button {
    font: inherit;
    font-weight: 600;
    box-sizing: border-box;
    color: var(--_text);
    background: var(--_raised);
    border: 1px solid var(--_line);
    border-radius: 8px;
    min-height: 36px;
    padding: 0.35em 0.9em;
    cursor: pointer;
    text-decoration: none;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.45em;
  }
  button:hover,
  .button:hover {
    border-color: var(--_muted);
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  .primary {
    background: var(--_accent);
    border-color: transparent;
    color: var(--_on-accent);
  }
  .quiet {
    background: transparent;
    border-color: transparent;
  }
  .quiet:hover {
    background: var(--_raised);
  }
`

/** Fields to type into and to choose from. */
export const fields = css`
  input:not([type='checkbox'], [type='range']),
  textarea,
  select {
    font: inherit;
    font-weight: 400;
    width: 100%;
    box-sizing: border-box;
    color: var(--_text);
    background: var(--_surface);
    border: 1px solid light-dark(#8a8592, #6a6674);
    border-radius: 8px;
    padding: 0.5em 0.7em;
    min-height: 38px;
  }
  textarea {
    resize: vertical;
    min-height: 5em;
  }
  ::placeholder {
    color: var(--_muted);
    opacity: 1;
  }
`
