/** What was done and can be undone, and what was undone and can be done again. */

export class History<Change> {
  #done: Change[] = [];
  #undone: Change[] = [];

  get last(): Change | undefined {
    return this.#done.at(-1);
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  record(change: Change): void {
    this.#done.push(change);
    this.#undone = [];
  }

  /** The last change becomes another one: steps that belong together are undone together. */
  amend(change: Change): void {
    this.#done[this.#done.length - 1] = change;
    this.#undone = [];
  }

  /** The change to be taken back, if there is one. */
  undo(): Change | undefined {
    const change = this.#done.pop();
    if (change !== undefined) this.#undone.push(change);
    return change;
  }

  /** The change to be made again, if there is one. */
  redo(): Change | undefined {
    const change = this.#undone.pop();
    if (change !== undefined) this.#done.push(change);
    return change;
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
  }
}
