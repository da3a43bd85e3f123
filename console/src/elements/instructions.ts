/** The parts of a template that hold words or content for workers and go into a pane of the element around them. */

class Placed extends HTMLElement {
  /** The slot of the element around it; where there is none, the browser shows the part where it stands. */
  protected readonly place: string = "";

  connectedCallback(): void {
    this.slot = this.place;
  }
}

export class ShortInstructions extends Placed {
  protected override readonly place = "short-instructions";
}

export class FullInstructions extends Placed {
  protected override readonly place = "full-instructions";
}

/** What is to be classified: text, sound or film, whatever the template puts there. */
export class ClassificationTarget extends Placed {
  protected override readonly place = "classification-target";
}

export class ShortSummary extends Placed {
  protected override readonly place = "short-summary";
}

export class DetailedInstructions extends Placed {
  protected override readonly place = "detailed-instructions";
}

export class PositiveExample extends Placed {
  protected override readonly place = "positive-example";
}

export class NegativeExample extends Placed {
  protected override readonly place = "negative-example";
}
