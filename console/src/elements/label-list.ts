/** The list of labels beside the work: one to be chosen (radio buttons) or several (check boxes), with colours and number keys. */

import { css, html, nothing, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import type { LabelCategory } from "./attributes";
import { labelColour, labelKey, labelPattern, patternBackground } from "./labels";

/** From how many labels on the list can be searched. */
const MANY_LABELS = 12;

export interface LabelListSettings {
  readonly categories: readonly LabelCategory[];
  readonly chosen: ReadonlySet<string>;
  readonly several?: boolean;
  /** Whether each label shows its colour, because the work is drawn in it. */
  readonly coloured?: boolean;
  /** Colours by position that go before the usual ones. */
  readonly colours?: readonly string[];
  /** What the list is called, for screen readers and as its heading. */
  readonly title?: string;
  /** What the reader typed to find labels, and how the element hears of it. */
  readonly filter: string;
  readonly onFilter: (words: string) => void;
  readonly onChoose: (label: string) => void;
}

/** The list, to be put into a Lit element whose styles include `labelListStyles`. */
export function labelList(settings: LabelListSettings): TemplateResult {
  const { categories, chosen, several = false, coloured = false, filter } = settings;
  const words = elementTexts();
  const wanted = filter.trim().toLocaleLowerCase();
  const shown = categories
    .map((category, position) => ({ category, position }))
    .filter(({ category }) => category.fullName.toLocaleLowerCase().includes(wanted));
  return html`
    <fieldset class="labels">
      <legend>${settings.title ?? words.labels}</legend>
      ${categories.length > MANY_LABELS
        ? html`<input
            class="find"
            type="search"
            .value=${filter}
            placeholder=${words.findLabel}
            aria-label=${words.findLabel}
            @input=${(event: Event) => {
              event.stopPropagation();
              settings.onFilter((event.target as HTMLInputElement).value);
            }}
          />`
        : nothing}
      ${categories.length === 0 ? html`<p class="none" role="alert">${words.noLabels}</p>` : nothing}
      ${categories.length > 0 && shown.length === 0 ? html`<p class="none" role="status">${words.noLabelFits(filter)}</p>` : nothing}
      <div class="choices">
        ${shown.map(({ category, position }) => {
          const key = labelKey(position);
          return html`<label class="choice" data-chosen=${chosen.has(category.label)}>
            <input
              type=${several ? "checkbox" : "radio"}
              name="label"
              .checked=${chosen.has(category.label)}
              aria-keyshortcuts=${key ?? nothing}
              @change=${() => settings.onChoose(category.label)}
            />
            ${coloured
              ? html`<span class="swatch" style="background: ${patternBackground(settings.colours?.[position] ?? labelColour(position), labelPattern(position))}"></span>`
              : nothing}
            <bdi class="name">${category.fullName}</bdi>
            ${key === undefined ? nothing : html`<kbd aria-hidden="true" title=${words.pressKey(key)}>${key}</kbd>`}
          </label>`;
        })}
      </div>
    </fieldset>
  `;
}

export const labelListStyles = css`
  .labels {
    border: 0;
    margin: 0;
    padding: 0;
    min-inline-size: 0;
  }
  .labels legend {
    font-weight: 700;
    padding: 0;
    margin-block-end: 0.5rem;
  }
  .labels .find {
    font: inherit;
    inline-size: 100%;
    padding: 0.35rem 0.5rem;
    margin-block-end: 0.5rem;
    border: 1px solid var(--line);
    border-radius: 0.4rem;
  }
  .labels .none {
    margin: 0.5rem 0;
    color: var(--quiet-ink);
  }
  .labels .choices {
    display: grid;
    gap: 0.3rem;
  }
  .labels .choice {
    display: flex;
    align-items: center;
    gap: 0.6rem;
    min-block-size: 2.5rem;
    padding: 0.3rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: 0.4rem;
    background: var(--ground);
    cursor: pointer;
  }
  .labels .choice:hover {
    border-color: var(--accent);
  }
  .labels .choice[data-chosen="true"] {
    border-color: var(--accent);
    box-shadow: inset 0 0 0 1px var(--accent);
    background: #eaf3fc;
  }
  .labels .choice:focus-within {
    outline: 3px solid #1a73e8;
    outline-offset: 1px;
  }
  .labels input[type="radio"],
  .labels input[type="checkbox"] {
    inline-size: 1.1rem;
    block-size: 1.1rem;
    flex: none;
    margin: 0;
    outline: none;
  }
  .labels .swatch {
    inline-size: 1.4rem;
    block-size: 1.4rem;
    flex: none;
    border: 1px solid rgb(0 0 0 / 60%);
    border-radius: 0.25rem;
  }
  .labels .name {
    flex: 1;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }
  .labels kbd {
    font: 600 0.8rem/1 ui-monospace, monospace;
    padding: 0.2rem 0.4rem;
    border: 1px solid var(--line);
    border-radius: 0.25rem;
    color: var(--quiet-ink);
    background: var(--panel);
  }
`;
