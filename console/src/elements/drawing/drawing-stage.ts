/**
 * Where a picture is seen and drawn on: three canvases over each other (picture, labels at rest, labels being changed), the view of them,
 * and pointer and keys turned into presses at points of the picture. A cursor moved by keys presses exactly as a pointer does.
 */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { sharedStyles } from "../styles";
import type { Editor, Press } from "./editor";
import { clamp, distance, type Point, type Rect, type Size } from "./geometry";
import type { Frame, Painter } from "./painter";
import { fit, panned, showing, toPicture, toStage, type Viewport, zoomed } from "./viewport";

// How near to an outline a press means it, in CSS pixels.
const REACH_OF_MOUSE = 6;
const REACH_OF_FINGER = 18;
const ZOOM_STEP = 1.25;
const FINGER_TREMBLE = 6;

const ARROWS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
const PANS: Record<string, Point> = { a: { x: 1, y: 0 }, d: { x: -1, y: 0 }, w: { x: 0, y: 1 }, s: { x: 0, y: -1 } };

export interface StageListener {
  pictureLoaded(size: Size): void;
  pictureFailed(): void;
  /** The cursor or pointer is at this point of the picture, or left it. */
  pointed(at: Point | undefined, byKeys: boolean): void;
  zoomed(scale: number): void;
}

export class DrawingStage extends LitElement {
  static override properties = {
    src: { type: String },
    name: { type: String },
    explanation: { type: String },
    brightness: { type: Number },
    contrast: { type: Number },
  };

  declare src: string | null;
  /** What screen readers call it, and how it is used. */
  declare name: string;
  declare explanation: string;
  /** 1 is the picture as it is. */
  declare brightness: number;
  declare contrast: number;
  listener: StageListener | undefined;
  painter: Painter | undefined;
  /** Undefined where the labels are only shown. */
  editor: Editor | undefined;
  names = true;
  labelsShown = true;
  crosshair = false;

  #picture: HTMLImageElement | undefined;
  #size: Size | undefined;
  #stage: Size = { width: 0, height: 0 };
  #density = 1;
  #view: Viewport = { scale: 1, x: 0, y: 0 };
  #isFitted = true;
  #cursor: Point | undefined;
  #penDown = false;
  #arrowRepeats = 0;
  #hover: Point | undefined;
  #pointers = new Map<number, Point>();
  #panning: number | undefined;
  /** A finger that has neither moved nor left yet: it may become one of two. */
  #undecided: { readonly id: number; readonly at: Point } | undefined;
  #drawing: number | undefined;
  #stale = { picture: false, rest: false, active: false };
  #frame = 0;
  #observer = new ResizeObserver(() => this.#resized());

  constructor() {
    super();
    this.src = null;
    this.name = "";
    this.explanation = "";
    this.brightness = 1;
    this.contrast = 1;
  }

  get size(): Size | undefined {
    return this.#size;
  }

  get view(): Viewport {
    return this.#view;
  }

  /** Where the keyboard's cursor is, once it was used. */
  get cursor(): Point | undefined {
    return this.#cursor;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** Draws labels anew before the next frame; only what is being changed, unless `rest`. */
  refresh(rest: boolean): void {
    this.#redraw({ rest, active: true });
  }

  zoom(direction: 1 | -1): void {
    this.#zoomTo(ZOOM_STEP ** direction, this.#cursor ? toStage(this.#view, this.#cursor) : { x: this.#stage.width / 2, y: this.#stage.height / 2 });
  }

  showAll(): void {
    if (!this.#size) return;
    this.#isFitted = true;
    this.#show(fit(this.#size, this.#stage));
  }

  /** Moves the view as little as needed to see this part of the picture. */
  reveal(rect: Rect): void {
    if (this.#size) this.#show(showing(this.#view, rect, this.#size, this.#stage));
  }

  override focus(): void {
    this.#surface?.focus();
  }

  /** Does what a key means on the picture; false for keys that mean nothing here. */
  key(event: KeyboardEvent): boolean {
    const arrow = ARROWS[event.key];
    if (arrow) return this.#arrow(arrow, event);
    const pan = PANS[event.key.toLowerCase()];
    if (pan && !event.ctrlKey && !event.metaKey) {
      this.#pan(pan.x * 80, pan.y * 80);
      return true;
    }
    if (event.key === " " || event.key === "Enter") {
      this.#pressByKey(event.key === "Enter");
      return true;
    }
    return false;
  }

  /** The keyboard's pen is lifted without drawing, because another tool was taken or the stroke cancelled. */
  liftPen(): void {
    this.#penDown = false;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("src")) void this.#load();
    if (changed.has("brightness") || changed.has("contrast")) {
      const canvas = this.renderRoot.querySelector<HTMLCanvasElement>(".picture")!;
      canvas.style.filter = this.brightness === 1 && this.contrast === 1 ? "" : `brightness(${this.brightness}) contrast(${this.contrast})`;
    }
  }

  protected override render(): TemplateResult {
    return html`
      <div
        class="surface"
        tabindex="0"
        role=${this.editor ? "application" : "img"}
        aria-label=${this.name}
        aria-describedby=${this.explanation ? "explanation" : nothing}
        @pointerdown=${this.#down}
        @pointermove=${this.#move}
        @pointerup=${this.#up}
        @pointercancel=${this.#lost}
        @pointerleave=${this.#left}
        @wheel=${this.#wheel}
        @dblclick=${() => this.editor?.finish()}
        @contextmenu=${(event: Event) => event.preventDefault()}
        @keyup=${() => (this.#arrowRepeats = 0)}
      >
        <canvas class="picture"></canvas>
        <canvas class="rest"></canvas>
        <canvas class="active"></canvas>
      </div>
      <p id="explanation" class="unseen">${this.explanation}</p>
    `;
  }

  get #surface(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".surface");
  }

  async #load(): Promise<void> {
    this.#picture = undefined;
    this.#size = undefined;
    this.#redraw({ picture: true, rest: true, active: true });
    const src = this.src;
    if (!src) return;
    // Without `crossorigin`: nothing reads its pixels, so pictures of buckets without CORS rules are seen as well. EXIF orientation is
    // the browser's matter: sizes and drawing are those of the picture as it is shown (docs/decisions/0091).
    const picture = new Image();
    picture.src = src;
    try {
      await picture.decode();
    } catch {
      if (src === this.src) this.listener?.pictureFailed();
      return;
    }
    if (src !== this.src) return;
    this.#picture = picture;
    this.#size = { width: picture.naturalWidth, height: picture.naturalHeight };
    this.listener?.pictureLoaded(this.#size);
    this.#resized();
    this.showAll();
  }

  #resized(): void {
    const { width, height } = this.getBoundingClientRect();
    this.#density = window.devicePixelRatio || 1;
    if (width === 0 || height === 0) return;
    const centre = this.#size && toPicture(this.#view, { x: this.#stage.width / 2, y: this.#stage.height / 2 });
    this.#stage = { width, height };
    for (const canvas of this.renderRoot.querySelectorAll("canvas")) {
      canvas.width = Math.round(width * this.#density);
      canvas.height = Math.round(height * this.#density);
    }
    if (this.#size && this.#isFitted) this.#view = fit(this.#size, this.#stage);
    else if (centre) this.#view = { ...this.#view, x: width / 2 - centre.x * this.#view.scale, y: height / 2 - centre.y * this.#view.scale };
    this.#redraw({ picture: true, rest: true, active: true });
    this.listener?.zoomed(this.#view.scale);
  }

  #show(view: Viewport): void {
    this.#view = view;
    this.#redraw({ picture: true, rest: true, active: true });
    this.listener?.zoomed(view.scale);
  }

  #pan(dx: number, dy: number): void {
    if (!this.#size) return;
    this.#isFitted = false;
    this.#show(panned(this.#view, dx, dy, this.#size, this.#stage));
  }

  #zoomTo(factor: number, around: Point): void {
    if (!this.#size) return;
    this.#isFitted = false;
    this.#show(zoomed(this.#view, factor, around, this.#size, this.#stage));
  }

  // --- keys ------------------------------------------------------------------------------------------------------------

  #arrow(direction: Point, event: KeyboardEvent): boolean {
    if (!this.#size || event.ctrlKey || event.metaKey || event.altKey) return false;
    this.#arrowRepeats = event.repeat ? this.#arrowRepeats + 1 : 0;
    const faster = this.#arrowRepeats > 24 ? 8 : this.#arrowRepeats > 8 ? 3 : 1;
    const step = (event.shiftKey ? 10 : 1) * faster;
    if (this.editor?.nudges) {
      this.editor.nudge(direction.x * step, direction.y * step);
      return true;
    }
    const { width, height } = this.#size;
    const from = this.#cursor ?? this.#middle();
    this.#cursor = { x: clamp(from.x + direction.x * step, 0, width), y: clamp(from.y + direction.y * step, 0, height) };
    this.#hover = undefined;
    this.reveal({ left: this.#cursor.x, top: this.#cursor.y, width: 1, height: 1 });
    this.editor?.follow(this.#cursor);
    this.listener?.pointed(this.#cursor, true);
    this.#redraw({ active: true });
    return true;
  }

  /** The middle of what is seen, where the cursor appears. */
  #middle(): Point {
    const { x, y } = toPicture(this.#view, { x: this.#stage.width / 2, y: this.#stage.height / 2 });
    return { x: clamp(Math.round(x), 0, this.#size!.width), y: clamp(Math.round(y), 0, this.#size!.height) };
  }

  #pressByKey(isEnter: boolean): void {
    const editor = this.editor;
    if (!editor || !this.#size || editor.tool === "move") return;
    if (isEnter && !this.#penDown && editor.canFinish) return editor.finish();
    const at = (this.#cursor ??= this.#middle());
    const press: Press = { tolerance: REACH_OF_MOUSE / this.#view.scale, grabs: false };
    this.#hover = undefined;
    if (this.#penDown) {
      this.#penDown = false;
      editor.release(at, press);
    } else {
      editor.press(at, press);
      if (editor.holdsPen) this.#penDown = true;
      else editor.release(at, press);
    }
    this.listener?.pointed(at, true);
    this.#redraw({ active: true });
  }

  // --- pointers --------------------------------------------------------------------------------------------------------

  #at(event: MouseEvent): Point {
    const { left, top } = this.#surface!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #press(event: PointerEvent): Press {
    return { tolerance: (event.pointerType === "touch" ? REACH_OF_FINGER : REACH_OF_MOUSE) / this.#view.scale, grabs: true };
  }

  #down(event: PointerEvent): void {
    if (!this.#size) return;
    const at = this.#at(event);
    this.#surface!.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, at);
    this.#cursor = undefined;
    if (this.#penDown) {
      this.#penDown = false;
      this.editor?.cancel();
    }
    if (event.pointerType === "touch" && this.#pointers.size > 1) {
      // Two fingers move and zoom the picture; what one of them has begun to draw goes on when it is alone again.
      this.#undecided = undefined;
      return;
    }
    if (event.button === 1 || event.button === 2 || !this.editor || this.editor.tool === "move") {
      this.#panning = event.pointerId;
    } else if (event.pointerType === "touch") {
      this.#undecided = { id: event.pointerId, at };
    } else {
      this.#drawing = event.pointerId;
      this.editor.press(toPicture(this.#view, at), this.#press(event));
    }
  }

  #move(event: PointerEvent): void {
    if (!this.#size) return;
    const at = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    this.#hover = event.pointerType === "touch" ? undefined : at;
    this.listener?.pointed(toPicture(this.#view, at), false);
    if (event.pointerType !== "touch" && this.#cursor && (event.movementX !== 0 || event.movementY !== 0)) this.#cursor = undefined;
    if (this.#pointers.size > 1 && before) {
      this.#pinch(event.pointerId, before, at);
    } else if (this.#panning === event.pointerId && before) {
      this.#pan(at.x - before.x, at.y - before.y);
    } else {
      if (this.#undecided?.id === event.pointerId && distance(this.#undecided.at, at) > FINGER_TREMBLE) this.#decide(event);
      if (this.#undecided === undefined) this.#follow(event);
    }
    if (before) this.#pointers.set(event.pointerId, at);
    this.#redraw({ active: true });
  }

  /** All places since the last event, so that quick strokes stay round. */
  #follow(event: PointerEvent): void {
    const places = event.getCoalescedEvents?.() ?? [];
    for (const place of places.length > 0 ? places : [event]) this.editor?.follow(toPicture(this.#view, this.#at(place)));
  }

  #decide(event: PointerEvent): void {
    const undecided = this.#undecided!;
    this.#undecided = undefined;
    this.#drawing = event.pointerId;
    this.editor?.press(toPicture(this.#view, undecided.at), this.#press(event));
  }

  #pinch(id: number, before: Point, at: Point): void {
    const other = [...this.#pointers].find(([pointer]) => pointer !== id)![1];
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.#pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.#zoomTo(Math.max(distance(at, other), 1) / Math.max(distance(before, other), 1), middle);
  }

  #up(event: PointerEvent): void {
    if (this.#undecided?.id === event.pointerId) this.#decide(event);
    if (this.#drawing === event.pointerId) this.editor?.release(toPicture(this.#view, this.#at(event)), this.#press(event));
    this.#forget(event.pointerId);
  }

  #lost(event: PointerEvent): void {
    if (this.#drawing === event.pointerId) this.editor?.cancel();
    this.#forget(event.pointerId);
  }

  #forget(id: number): void {
    this.#pointers.delete(id);
    if (this.#drawing === id) this.#drawing = undefined;
    if (this.#panning === id) this.#panning = undefined;
    if (this.#undecided?.id === id) this.#undecided = undefined;
    this.#redraw({ active: true });
  }

  #left(): void {
    this.#hover = undefined;
    this.listener?.pointed(undefined, false);
    this.#redraw({ active: true });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) this.#pan(-(event.deltaX || event.deltaY) * lines, 0);
    // Pinching on a touch pad comes as small steps of a wheel with Ctrl.
    else this.#zoomTo(Math.exp(-clamp(event.deltaY * lines, -200, 200) * (event.ctrlKey ? 0.01 : 0.0015)), this.#at(event));
  }

  // --- drawing ---------------------------------------------------------------------------------------------------------

  #redraw(parts: { picture?: boolean; rest?: boolean; active?: boolean }): void {
    this.#stale = {
      picture: this.#stale.picture || parts.picture === true,
      rest: this.#stale.rest || parts.rest === true,
      active: this.#stale.active || parts.active === true,
    };
    if (this.#frame === 0 && this.isConnected) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const stale = this.#stale;
    this.#stale = { picture: false, rest: false, active: false };
    const frame: Frame = { view: this.#view, stage: this.#stage, names: this.names };
    if (stale.picture) this.#clean(".picture", (context) => this.#drawPicture(context));
    if (stale.rest) this.#clean(".rest", (context) => this.#size && this.labelsShown && this.painter?.rest(context, frame));
    if (stale.active) {
      this.#clean(".active", (context) => {
        if (!this.#size) return;
        this.#drawCrosshair(context);
        if (this.labelsShown) this.painter?.active(context, frame);
        this.#drawCursor(context);
      });
    }
  }

  #clean(name: string, draw: (context: CanvasRenderingContext2D) => void): void {
    const context = this.renderRoot.querySelector<HTMLCanvasElement>(name)?.getContext("2d");
    if (!context) return;
    context.setTransform(this.#density, 0, 0, this.#density, 0, 0);
    context.clearRect(0, 0, this.#stage.width, this.#stage.height);
    draw(context);
  }

  #drawPicture(context: CanvasRenderingContext2D): void {
    if (!this.#picture || !this.#size) return;
    const { scale, x, y } = this.#view;
    // Large pixels stay squares: labels end between them.
    context.imageSmoothingEnabled = scale * this.#density < 3;
    context.drawImage(this.#picture, x, y, this.#size.width * scale, this.#size.height * scale);
  }

  #drawCrosshair(context: CanvasRenderingContext2D): void {
    const at = this.#cursor ? toStage(this.#view, this.#cursor) : this.#hover;
    if (!this.crosshair || !at) return;
    for (const [color, width] of [
      ["rgb(0 0 0 / 70%)", 3],
      ["#ffffff", 1],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(0, at.y);
      context.lineTo(this.#stage.width, at.y);
      context.moveTo(at.x, 0);
      context.lineTo(at.x, this.#stage.height);
      context.stroke();
    }
  }

  #drawCursor(context: CanvasRenderingContext2D): void {
    if (!this.#cursor) return;
    const { x, y } = toStage(this.#view, this.#cursor);
    for (const [color, width] of [
      ["#000000", 4],
      [this.#penDown ? "#ff5a36" : "#ffd400", 2],
    ] as const) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        context.moveTo(x + dx * 4, y + dy * 4);
        context.lineTo(x + dx * 14, y + dy * 14);
      }
      context.stroke();
    }
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        position: relative;
        block-size: 100%;
      }
      .surface {
        position: absolute;
        inset: 0;
        overflow: hidden;
        touch-action: none;
        cursor: crosshair;
        user-select: none;
        -webkit-user-select: none;
        background: #3a3f45;
        border-radius: 0.4rem;
      }
      :host([data-tool="move"]) .surface,
      :host([data-tool="none"]) .surface {
        cursor: grab;
      }
      :host([data-tool="select"]) .surface {
        cursor: default;
      }
      .surface:focus-visible {
        outline: 3px solid #1a73e8;
        outline-offset: 2px;
      }
      canvas {
        position: absolute;
        inset: 0;
        inline-size: 100%;
        block-size: 100%;
        pointer-events: none;
      }
    `,
  ];
}
