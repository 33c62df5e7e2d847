import { css } from 'lit'

/**
 * Colours and sizes of all elements; a page changes them by setting the custom properties on the element or above. `.sr` is for
 * screen readers alone.
 */
export const tokens = css`
  :host {
    color-scheme: inherit;
    --_accent: var(--bandstand-accent, light-dark(#b3261e, #ff6b5e));
    --_on-accent: var(--bandstand-on-accent, light-dark(#fff, #1a0504));
    --_live: var(--bandstand-live, #e5383b);
    --_text: var(--bandstand-text, light-dark(#1b1a1f, #f1eff4));
    --_muted: var(--bandstand-muted, light-dark(#5b5863, #a9a5b4));
    --_surface: var(--bandstand-surface, light-dark(#ffffff, #17161b));
    --_raised: var(--bandstand-raised, light-dark(#f3f1f5, #222027));
    --_line: var(--bandstand-line, light-dark(#dcd8e0, #34313b));
    --_focus: var(--bandstand-focus, light-dark(#0b57d0, #9ecbff));
    --_radius: var(--bandstand-radius, 10px);
    --_font: var(--bandstand-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    font-family: var(--_font);
  }
  :host([hidden]) {
    display: none;
  }
  :focus-visible {
    outline: 2px solid var(--_focus);
    outline-offset: 2px;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      animation-iteration-count: 1 !important;
      transition-duration: 0.01ms !important;
      scroll-behavior: auto !important;
    }
  }
`
