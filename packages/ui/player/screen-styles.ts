import { css } from 'lit'

/** What is shown in place of a picture. */
export const screenStyles = css`
  .screen {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: end start;
    gap: 0.35rem;
    padding: clamp(16px, 4.5cqi, 48px);
    background: radial-gradient(120% 140% at 50% 0%, #3a2f45 0%, #1d1922 48%, #0e0c11 100%);
    text-align: start;
  }
  .screen img {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: cover;
  }
  .screen img + .words {
    text-shadow: 0 1px 10px rgb(0 0 0 / 0.9);
    padding: 0.6rem 0.9rem;
    border-radius: 12px;
    background: rgb(0 0 0 / 0.6);
  }
  .words {
    position: relative;
    max-width: min(100%, 36rem);
  }
  .words h2 {
    margin: 0;
    font-size: clamp(1.15rem, 4.2cqi, 2.3rem);
    line-height: 1.15;
    letter-spacing: -0.015em;
    text-wrap: balance;
  }
  .words p {
    max-width: 34ch;
    margin: 0.4rem 0 0;
    font-size: clamp(0.9rem, 2cqi, 1.05rem);
    line-height: 1.45;
    color: rgb(255 255 255 / 0.86);
    white-space: pre-line;
  }
  .last {
    display: inline-flex;
    align-items: center;
    gap: 0.6rem;
    margin-top: 0.8rem;
    min-height: 44px;
    box-sizing: border-box;
    padding: 0.35rem 1.1rem 0.35rem 0.8rem;
    border-radius: 999px;
    background: rgb(255 255 255 / 0.94);
    color: #15131a;
    font-weight: 650;
    line-height: 1.2;
    text-decoration: none;
    text-shadow: none;
  }
  .last:hover {
    background: #fff;
  }
  .last svg {
    flex: none;
    width: 24px;
    height: 24px;
    fill: currentColor;
  }
  .last small {
    display: block;
    font-size: 0.82rem;
    font-weight: 450;
  }
  @container (max-width: 480px) {
    .words p {
      display: -webkit-box;
      -webkit-box-orient: vertical;
      -webkit-line-clamp: 3;
      overflow: hidden;
    }
  }
`
