/** A payload as the text it was made of: names and values in their order, since whoever passes on a record copies both. */
import type { Payload } from '../payload.ts';

export function streamOf({ fields }: Payload): string {
  if (fields.length === 1) return fields[0]!.text;
  let stream = '';
  let before: string[] = [];
  for (const { path, text } of fields) {
    const names = path.split('.');
    let same = 0;
    while (same < names.length - 1 && names[same] === before[same]) same++;
    stream += `${names.slice(same).join(' ')} ${text}\n`;
    before = names;
  }
  return stream;
}
