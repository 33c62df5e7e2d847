import { css } from 'lit'

/** A card's list: what a thing is, and beside it what can be done with it. */
export const listStyles = css`
  ul {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  li {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1rem;
    align-items: center;
    padding: 0.7rem 0;
    border-top: 1px solid var(--_line);
  }
  li:first-child {
    border-top: 0;
    padding-top: 0;
  }
  .what {
    flex: 1 1 14rem;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .what b {
    display: block;
  }
`
