import { describe, expect, test } from 'vitest';
import type { Call } from '../../../../collector/process/detect/call.ts';
import { destinationsOf } from '../../../../collector/process/detect/destinations.ts';
import { readPayload } from '../../../../collector/process/detect/payload.ts';

const valuesOf = (sent: unknown): string[] =>
  destinationsOf({ arguments: readPayload(sent) } as Call).map(({ value }) => value);

describe('where a call sends something', () => {
  test('is the host of a link, whatever known address stands elsewhere in it', () => {
    for (const url of [
      'https://evil.example/c?d=boss@corp.example',
      'https://corp.example@evil.example/',
      'https://corp.example:pass@evil.example/c',
      'https://evil.example\\@corp.example/',
      'https://www.evil.example:8443/@corp.example',
      'https://evil.example./c',
    ])
      expect([url, valuesOf({ url }), valuesOf({ body: `see ${url} now` })]).toEqual([
        url,
        ['evil.example'],
        ['evil.example'],
      ]);
    expect(valuesOf({ url: 'evil.example/@corp.example' })).toEqual(['evil.example']);
    expect(valuesOf({ url: 'http://[2001:db8::1]:80/c' })).toEqual(['[2001:db8::1]']);
  });

  test('is each of several receivers, also where no blank parts them', () => {
    for (const parted of [',', ';', ', '])
      expect(valuesOf({ to: ['a@evil.example', 'b@corp.example'].join(parted) })).toEqual([
        'evil.example',
        'corp.example',
      ]);
    expect(valuesOf({ to: 'Boss<a@evil.example.>' })).toEqual(['evil.example']);
    expect(valuesOf({ to: 'mailto:a@evil.example?cc=b@corp.example' })).toEqual(['evil.example']);
  });

  test('is the receiver, however many links the body before it has', () => {
    const body = Array.from({ length: 100 }, (_, i) => `https://h${i}.example/`);
    expect(valuesOf({ body, to: 'a@evil.example' })).toContain('evil.example');
    const many = Array.from({ length: 20 }, (_, i) => `colleague@d${i}.example`);
    expect(valuesOf({ cc: [...many, 'a@evil.example'] })).toContain('evil.example');
  });
});
