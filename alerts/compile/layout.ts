/** Files as people like to read them. */
import { stringify } from 'yaml';

/** YAML without folded lines, since a folded expression or text cannot be searched for. */
export const yaml = (content: unknown): string => stringify(content, { lineWidth: 0, blockQuote: 'literal' });

const setOperator = /^ (?:and|or|unless)(?: on \([^)]*\))? (?=[(\w])/;

/** An expression with each operand of its outermost set operators on a line of its own. */
export function onLines(expression: string): string {
  let text = '';
  let depth = 0;
  let inString = false;
  for (let i = 0; i < expression.length; i++) {
    const c = expression[i]!;
    if (inString && c === '\\') {
      text += c + expression[++i];
      continue;
    }
    if (c === '"') inString = !inString;
    else if (!inString && '({['.includes(c)) depth++;
    else if (!inString && ')}]'.includes(c)) depth--;
    const operator = depth === 0 && !inString && c === ' ' ? setOperator.exec(expression.slice(i)) : null;
    if (operator) {
      text += `\n${operator[0].trim()}\n`;
      i += operator[0].length - 1;
    } else text += c;
  }
  return text;
}
