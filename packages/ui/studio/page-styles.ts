import { css } from 'lit'

/** What the pages of the studio have in common: a line on top, and columns of cards. */
export const pageStyles = css`
  main {
    padding: clamp(1rem, 3vw, 2.2rem);
    max-width: 76rem;
    box-sizing: border-box;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.6rem 1rem;
    margin-bottom: 1.3rem;
  }
  .top > :is(h1, h2) {
    font-size: clamp(1.4rem, 3vw, 1.9rem);
    letter-spacing: -0.02em;
    line-height: 1.15;
    overflow-wrap: anywhere;
  }
  .grow {
    flex: 1;
  }
  .column {
    display: grid;
    gap: 1rem;
    min-width: 0;
  }
`
