/** Elements that workers choose categories with: one or several, for a picture or for whatever the template shows. */

import { css, html, nothing, svg, type CSSResultGroup, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { AnnotationWidget } from "./annotation-widget";
import { isRecord, labelCategories, tolerantJson, type LabelCategory } from "./attributes";
import { labelList, labelListStyles } from "./label-list";
import { inkOn, labelColour } from "./labels";
import { WORKER_COMMENT_CHANGED, type WorkerComment } from "./worker-comment";

abstract class Classifier extends AnnotationWidget {
  static override properties = {
    ...AnnotationWidget.properties,
    categories: { type: String },
    exclusionCategory: { attribute: "exclusion-category" },
    filter: { state: true },
  };

  declare categories: string | null;
  declare exclusionCategory: string | null;
  declare filter: string;
  protected abstract readonly takesSeveral: boolean;
  protected chosen: ReadonlySet<string> = new Set();

  constructor() {
    super();
    this.filter = "";
    this.addEventListener(WORKER_COMMENT_CHANGED, () => this.changed());
  }

  /** The categories, and behind them the one that excludes all others, where the template has one. */
  protected get shownCategories(): LabelCategory[] {
    const exclusion = this.exclusion;
    const categories = labelCategories(this.getAttribute("categories"));
    return exclusion === undefined ? categories : [...categories, { label: exclusion, shortName: exclusion, fullName: exclusion }];
  }

  private get exclusion(): string | undefined {
    const given = tolerantJson(this.getAttribute("exclusion-category"));
    return this.takesSeveral && isRecord(given) && typeof given.text === "string" ? given.text : undefined;
  }

  private get comment(): WorkerComment | null {
    return this.querySelector<WorkerComment>(":scope > worker-comment");
  }

  /** `{"label"}` or `{"labels"}` in the categories' order, and `workerComment` when there is one. */
  get answer(): unknown {
    const labels = this.shownCategories.map(({ label }) => label).filter((label) => this.chosen.has(label));
    const comment = this.comment?.comment;
    return {
      ...(this.takesSeveral ? { labels } : labels[0] === undefined ? {} : { label: labels[0] }),
      ...(comment ? { workerComment: comment } : {}),
    };
  }

  faults(): string[] {
    const words = elementTexts();
    if (this.shownCategories.length === 0) return [words.noLabels];
    return this.chosen.size > 0 ? [] : [this.takesSeveral ? words.chooseSome : words.chooseOne];
  }

  restore(answer: unknown): void {
    if (!isRecord(answer)) return;
    const given = this.takesSeveral ? answer.labels : [answer.label];
    const known = new Set(this.shownCategories.map(({ label }) => label));
    this.chosen = new Set(Array.isArray(given) ? given.filter((label) => typeof label === "string" && known.has(label)) : []);
    if (typeof answer.workerComment === "string") this.comment?.restore(answer.workerComment);
    this.requestUpdate();
  }

  protected chooseByKey(position: number): boolean {
    const category = this.shownCategories[position];
    if (category === undefined) return false;
    this.choose(category.label);
    return true;
  }

  private choose(label: string): void {
    if (!this.takesSeveral) {
      this.chosen = new Set([label]);
    } else if (this.chosen.has(label)) {
      this.chosen = new Set([...this.chosen].filter((other) => other !== label));
    } else if (label === this.exclusion) {
      this.chosen = new Set([label]);
    } else {
      this.chosen = new Set([...this.chosen, label].filter((other) => other !== this.exclusion));
    }
    this.changed();
  }

  protected renderSide(): TemplateResult {
    return html`
      ${labelList({
        categories: this.shownCategories,
        chosen: this.chosen,
        several: this.takesSeveral,
        filter: this.filter,
        onFilter: (words) => (this.filter = words),
        onChoose: (label) => this.choose(label),
      })}
      <slot name="worker-comment"></slot>
    `;
  }

  static override styles: CSSResultGroup = [AnnotationWidget.styles, labelListStyles];
}

/** Classification of what stands in `classification-target`. */
abstract class ContentClassifier extends Classifier {
  protected renderWork(): TemplateResult {
    return html`<div class="target"><slot name="classification-target"></slot></div>`;
  }

  static override styles: CSSResultGroup = [
    Classifier.styles,
    css`
      .target {
        font-size: 1.1rem;
        border: 1px solid var(--faint-line);
        border-radius: 0.6rem;
        padding: 1rem;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

export class CrowdClassifier extends ContentClassifier {
  protected readonly takesSeveral = false;
}

export class CrowdClassifierMultiSelect extends ContentClassifier {
  protected readonly takesSeveral = true;
}

interface OverlayBox {
  readonly label: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Labels of an earlier job, shown on the picture to be judged. */
interface Overlay {
  readonly boxes: readonly OverlayBox[];
  readonly maskUrl: string | undefined;
  /** The label names in the picture with their colours. */
  readonly colours: ReadonlyMap<string, string>;
}

const ZOOMS = [1, 1.5, 2, 3, 4, 6] as const;

abstract class ImageClassifier extends Classifier {
  static override properties = {
    ...Classifier.properties,
    src: { type: String },
    overlay: { type: String },
    isBroken: { state: true },
    zoom: { state: true },
    isOverlayHidden: { state: true },
    size: { state: true },
  };

  declare src: string | null;
  declare overlay: string | null;
  declare isBroken: boolean;
  declare zoom: number;
  declare isOverlayHidden: boolean;
  /** The picture's own size in pixels, once it is loaded. */
  declare size: { readonly width: number; readonly height: number } | undefined;

  constructor() {
    super();
    this.isBroken = false;
    this.zoom = 0;
    this.isOverlayHidden = false;
  }

  override faults(): string[] {
    return this.isBroken ? [elementTexts().pictureMissing] : super.faults();
  }

  protected renderWork(): TemplateResult {
    const words = elementTexts();
    const overlay = readOverlay(this.overlay);
    return html`
      <div class="tools">
        <button type="button" aria-label=${words.zoomOut} ?disabled=${this.zoom === 0} @click=${() => this.zoom--}>−</button>
        <span aria-live="polite">${Math.round(ZOOMS[this.zoom]! * 100)} %</span>
        <button type="button" aria-label=${words.zoomIn} ?disabled=${this.zoom === ZOOMS.length - 1} @click=${() => this.zoom++}>+</button>
        ${overlay === undefined
          ? nothing
          : html`<label class="hide">
              <input
                type="checkbox"
                .checked=${this.isOverlayHidden}
                @change=${(event: Event) => (this.isOverlayHidden = (event.target as HTMLInputElement).checked)}
              />
              ${words.overlayHidden}
            </label>`}
      </div>
      ${this.isBroken ? html`<p class="broken" role="alert">${words.pictureMissing}</p>` : nothing}
      <div class="frame" tabindex="0" role="group" aria-label=${words.picture}>
        <div class="picture" style="inline-size: ${ZOOMS[this.zoom]! * 100}%">
          <img
            src=${this.src || nothing}
            alt=${words.picture}
            @load=${(event: Event) => {
              const { naturalWidth: width, naturalHeight: height } = event.target as HTMLImageElement;
              this.size = { width, height };
              this.isBroken = false;
            }}
            @error=${() => (this.isBroken = true)}
          />
          ${overlay === undefined || this.isOverlayHidden ? nothing : this.renderOverlay(overlay)}
        </div>
      </div>
      ${overlay === undefined ? nothing : renderLegend(overlay)}
    `;
  }

  private renderOverlay(overlay: Overlay): TemplateResult {
    const words = elementTexts();
    if (overlay.maskUrl !== undefined) {
      // White is the background of Ground Truth's masks, and becomes transparent: by a filter, since nothing here may read the pixels.
      return html`<svg class="mask" role="img" aria-label=${words.overlay}>
        <filter id="without-background" color-interpolation-filters="sRGB">
          <feColorMatrix values="1 0 0 0 0  0 1 0 0 0  0 0 1 0 0  -255 -255 -255 0 765" />
          <feComposite in2="SourceAlpha" operator="in" />
        </filter>
        <image href=${overlay.maskUrl} width="100%" height="100%" preserveAspectRatio="none" filter="url(#without-background)" />
      </svg>`;
    }
    if (this.size === undefined) return html``;
    const { width, height } = this.size;
    const line = Math.max(width, height) / 300;
    return html`<svg viewBox="0 0 ${width} ${height}" role="list" aria-label=${words.overlay}>
      ${overlay.boxes.map((box) => {
        const colour = overlay.colours.get(box.label) ?? "#000000";
        const name = words.overlayBox(box.label, box.left, box.top, box.width, box.height);
        // The words stand in a tag above the box, or inside where there is no room above.
        const letters = line * 6;
        const tagTop = box.top >= letters * 1.4 ? box.top - letters * 1.4 : box.top;
        return svg`<g role="listitem" aria-label=${name}>
          <rect x=${box.left} y=${box.top} width=${box.width} height=${box.height} fill="none" stroke="#ffffff" stroke-width=${line * 2} />
          <rect x=${box.left} y=${box.top} width=${box.width} height=${box.height} fill="none" stroke=${colour} stroke-width=${line} />
          <rect x=${box.left} y=${tagTop} width=${letters * (box.label.length * 0.62 + 0.8)} height=${letters * 1.4} fill=${colour} />
          <text x=${box.left + letters * 0.4} y=${tagTop + letters * 1.05} font-size=${letters} fill=${inkOn(colour)}>${box.label}</text>
        </g>`;
      })}
    </svg>`;
  }

  static override styles: CSSResultGroup = [
    Classifier.styles,
    css`
      .tools {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
        margin-block-end: 0.5rem;
      }
      .tools .hide {
        display: flex;
        gap: 0.4rem;
        align-items: center;
        margin-inline-start: auto;
      }
      .frame {
        overflow: auto;
        max-block-size: calc(100vh - 11rem);
        min-block-size: 12rem;
        background: var(--panel);
        border-radius: 0.4rem;
      }
      .picture {
        position: relative;
        inline-size: 100%;
      }
      .picture > img:first-child {
        display: block;
        inline-size: 100%;
        block-size: auto;
      }
      .picture svg {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
      }
      .picture .mask {
        opacity: 0.65;
      }
      .picture .mask image {
        image-rendering: pixelated;
      }
      .broken {
        color: var(--alarm);
        font-weight: 600;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.3rem 1rem;
        list-style: none;
        padding: 0;
      }
      .legend span {
        display: inline-block;
        inline-size: 1rem;
        block-size: 1rem;
        border: 1px solid rgb(0 0 0 / 60%);
        vertical-align: -0.15em;
        margin-inline-end: 0.4rem;
      }
    `,
  ];
}

export class CrowdImageClassifier extends ImageClassifier {
  protected readonly takesSeveral = false;
}

export class CrowdImageClassifierMultiSelect extends ImageClassifier {
  protected readonly takesSeveral = true;
}

function renderLegend(overlay: Overlay): TemplateResult {
  return html`<ul class="legend" aria-label=${elementTexts().overlay}>
    ${[...overlay.colours].map(([label, colour]) => html`<li><span style="background: ${colour}"></span><bdi>${label}</bdi></li>`)}
  </ul>`;
}

const HEX_COLOUR = /^#[0-9a-f]{6}$/i;

/** The `overlay` attribute: `boundingBox`, `semanticSegmentation` or `instanceSegmentation`; undefined without any of them. */
export function readOverlay(text: string | null | undefined): Overlay | undefined {
  const given = tolerantJson(text);
  if (!isRecord(given)) return undefined;
  if (isRecord(given.boundingBox)) return boxOverlay(given.boundingBox);
  const mask = given.semanticSegmentation ?? given.instanceSegmentation;
  return isRecord(mask) && typeof mask.src === "string" ? maskOverlay(mask, mask.src) : undefined;
}

function boxOverlay(given: Record<string, unknown>): Overlay {
  const boxes = (Array.isArray(given.value) ? given.value : []).filter(isBox);
  const labels = [...(Array.isArray(given.labels) ? given.labels : []), ...boxes.map((box) => box.label)];
  const names = [...new Set(labels.filter((label) => typeof label === "string"))];
  return { boxes, maskUrl: undefined, colours: new Map(names.map((name, position) => [name, labelColour(position)])) };
}

function maskOverlay(given: Record<string, unknown>, maskUrl: string): Overlay {
  const mapped: [unknown, unknown][] = isRecord(given.labelMappings)
    ? Object.entries(given.labelMappings).map(([label, mapping]) => [label, isRecord(mapping) ? mapping.color : undefined])
    : (Array.isArray(given.instances) ? given.instances : []).filter(isRecord).map((instance) => [instance.label, instance.color]);
  const colours = new Map<string, string>();
  for (const [label, colour] of mapped) {
    if (typeof label === "string" && typeof colour === "string" && HEX_COLOUR.test(colour)) colours.set(label, colour);
  }
  return { boxes: [], maskUrl, colours };
}

function isBox(value: unknown): value is OverlayBox {
  return (
    isRecord(value) &&
    typeof value.label === "string" &&
    ["left", "top", "width", "height"].every((side) => typeof value[side] === "number" && Number.isFinite(value[side]))
  );
}
