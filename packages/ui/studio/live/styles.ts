import { css } from 'lit'

/** The page to go live from: the picture beside its settings, below each other where there is no room. */
export const liveStyles = css`
  main {
    margin-inline: auto;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.6fr) minmax(17rem, 1fr);
    gap: 1rem;
    align-items: start;
  }
  .preview {
    position: relative;
    aspect-ratio: 16 / 9;
    background: #000;
    border-radius: 14px;
    overflow: hidden;
    display: grid;
    place-items: center;
    color: #e8e6ec;
  }
  .preview video {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .preview p {
    padding: 1rem;
    text-align: center;
  }
  .badge {
    position: absolute;
    inset: 0.8rem auto auto 0.8rem;
    padding: 0.2rem 0.7rem;
    border-radius: 999px;
    font-weight: 650;
    font-size: 0.9rem;
    background: #000000c0;
    color: #fff;
  }
  .badge.live {
    background: #b3121d;
  }
  .level {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 0.7rem;
    align-items: center;
    font-size: 0.92rem;
  }
  meter {
    width: 100%;
    height: 0.9rem;
  }
  .big {
    min-height: 44px;
    padding-inline: 1.4rem;
  }
  .check {
    display: flex;
    gap: 0.6rem;
    align-items: flex-start;
  }
  .check input {
    margin: 0.2rem 0 0;
    width: 1.1rem;
    height: 1.1rem;
    flex: none;
  }
  .check small {
    display: block;
    font-weight: 400;
    color: var(--_muted);
  }
  @media (max-width: 52rem) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`
