/** A request that gets no page; its message is one sentence without its capital and its stop. */
export class NoAnswer extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}
