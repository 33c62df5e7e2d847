import { css } from 'lit'

/** The studio around its cards: channels at the side, or above where there is no room. */
export const shellStyles = css`
  .shell {
    display: grid;
    grid-template-columns: 16rem minmax(0, 1fr);
    min-height: 100dvh;
  }
  header {
    border-inline-end: 1px solid var(--_line);
    background: var(--_surface);
    padding: 1.2rem 1rem;
    display: flex;
    flex-direction: column;
    gap: 1rem;
    position: sticky;
    top: 0;
    height: 100dvh;
    box-sizing: border-box;
    overflow-y: auto;
  }
  header h1 {
    font-size: 1.25rem;
    letter-spacing: -0.02em;
    padding-inline: 0.6rem;
  }
  nav ul {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 2px;
  }
  nav a {
    display: flex;
    align-items: center;
    gap: 0.55rem;
    padding: 0.45rem 0.6rem;
    min-height: 24px;
    border-radius: 8px;
    text-decoration: none;
    color: var(--_text);
    overflow-wrap: anywhere;
  }
  nav a:hover {
    background: var(--_raised);
  }
  nav a[aria-current] {
    background: var(--_raised);
    font-weight: 650;
  }
  .dot {
    flex: none;
    width: 9px;
    height: 9px;
    border-radius: 50%;
    border: 1.5px solid var(--_muted);
    box-sizing: border-box;
  }
  .dot.on {
    background: var(--_live);
    border-color: transparent;
  }
  .foot {
    margin-top: auto;
    display: grid;
    gap: 0.8rem;
    padding-inline: 0.6rem;
  }
  main {
    width: 100%;
  }
  .state {
    font-weight: 650;
    font-size: 0.9rem;
    display: inline-flex;
    align-items: center;
    gap: 0.45rem;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
    gap: 1rem;
    align-items: start;
  }
  @media (max-width: 52rem) {
    .shell {
      display: block;
    }
    header {
      position: static;
      height: auto;
      border-inline-end: 0;
      border-bottom: 1px solid var(--_line);
      display: grid;
      grid-template-columns: 1fr auto;
      align-items: center;
      gap: 0.8rem;
    }
    header > :not(h1),
    studio-instance-line {
      grid-column: 1 / -1;
    }
    .foot {
      display: contents;
    }
    .foot button {
      grid-area: 1 / 2;
    }
    studio-instance-line {
      padding-inline: 0.6rem;
    }
  }
`
