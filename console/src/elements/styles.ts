/** The look that worker elements share. Sizes follow the reader's own font size; sides are logical, so pages mirror for right-to-left. */

import { css } from "lit";

export const sharedStyles = css`
  :host {
    --ink: #16191f;
    --quiet-ink: #545b64;
    --line: #8d99a8;
    --faint-line: #d5dbdb;
    --ground: #ffffff;
    --panel: #f4f6f6;
    --accent: #0b5cad;
    --alarm: #b3261e;
    color: var(--ink);
    font: 1rem/1.45 system-ui, "Segoe UI", "Noto Sans", sans-serif;
    box-sizing: border-box;
  }
  :host([hidden]) {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: inherit;
  }
  button,
  .button {
    font: inherit;
    color: var(--accent);
    background: var(--ground);
    border: 1px solid var(--accent);
    border-radius: 0.4rem;
    padding: 0.4rem 0.9rem;
    min-block-size: 2.25rem;
    cursor: pointer;
  }
  button.primary {
    color: #ffffff;
    background: var(--accent);
    font-weight: 600;
  }
  button.plain {
    border-color: transparent;
    background: none;
    text-decoration: underline;
    padding-inline: 0.2rem;
  }
  button:hover:not(:disabled) {
    filter: brightness(0.93);
  }
  button:disabled,
  button[aria-disabled="true"] {
    opacity: 0.55;
    cursor: not-allowed;
  }
  :focus-visible {
    outline: 3px solid #1a73e8;
    outline-offset: 2px;
  }
  dialog {
    color: inherit;
    font: inherit;
    border: 1px solid var(--line);
    border-radius: 0.6rem;
    padding: 1.25rem;
    inline-size: min(46rem, calc(100vw - 2rem));
    max-block-size: calc(100vh - 2rem);
    overflow: auto;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 45%);
  }
  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation: none !important;
    }
  }
`;
