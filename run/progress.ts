/** Progress on standard error: a line that renews itself on a terminal, now and then a line elsewhere. */

/** Between two lines where lines cannot be renewed. */
const LINE_EVERY_MS = 10_000;

export interface ProgressLine {
  readonly show: (text: string) => void;
  /** Makes room for lines of others. */
  readonly clear: () => void;
}

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let shownMs = 0;
  let current = '';
  return {
    show: (text) => {
      if (stream.isTTY) {
        // A line that wraps cannot be renewed.
        if (text !== current) stream.write(`\r\u001b[K${text.slice(0, stream.columns - 1)}`);
        current = text;
      } else if (Date.now() - shownMs >= LINE_EVERY_MS) {
        shownMs = Date.now();
        stream.write(`${text}\n`);
      }
    },
    clear: () => {
      if (stream.isTTY && current !== '') stream.write('\r\u001b[K');
      current = '';
    },
  };
}
