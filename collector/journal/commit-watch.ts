/** Notices a commit that does not come back: a disk that hangs never says that it fails. */
export class CommitWatch {
  readonly #limitMs: number;
  readonly #onStalled: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stalled = false;

  /** `onStalled` is called when a commit has taken `limitMs`, and each time that it has taken as long again. */
  constructor(limitMs: number, onStalled: () => void) {
    this.#limitMs = limitMs;
    this.#onStalled = onStalled;
  }

  /** Whether the commit that is under way has taken too long. */
  get stalled(): boolean {
    return this.#stalled;
  }

  begin(): void {
    this.#timer = setTimeout(() => this.#late(), this.#limitMs).unref();
  }

  /** True when the commit that ends had stalled. */
  end(): boolean {
    const stalled = this.#stalled;
    this.#stalled = false;
    clearTimeout(this.#timer);
    return stalled;
  }

  #late(): void {
    this.#stalled = true;
    this.#timer?.refresh();
    this.#onStalled();
  }
}
