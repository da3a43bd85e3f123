/** Elements of the portal's own pages. They draw into the page itself, so one style sheet holds for all, and follow the chosen language. */

import { LitElement } from "lit";
import { onLanguageChange } from "../languages/language";

export abstract class LightElement extends LitElement {
  private endLanguageChange: (() => void) | undefined;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.endLanguageChange = onLanguageChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endLanguageChange?.();
  }
}
