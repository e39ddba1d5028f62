/** What the demo says: where to look, how far it is, what came and what did not. */
import type { Verdict } from './expectations.ts';
import { type Paint, paint, printable, timeOfDay } from './notice-text.ts';
import type { Expectation } from './replay/scenarios.ts';

const NAME_WIDTH = 26;

/** The addresses of a stack, one a line. Debian's packages have no web interface, so their API is named instead. */
export async function addressLines(urls: {
  readonly pages: string;
  readonly prometheus: string;
  readonly alertmanager: string;
}): Promise<string[]> {
  const hasInterface = await fetch(`${urls.prometheus}/query`).then(
    (response) => response.ok,
    () => false,
  );
  const api = ' (its package here has no web interface)';
  const addresses = [
    ['Investigation', `${urls.pages}/`],
    ['Prometheus', hasInterface ? `${urls.prometheus}/alerts` : `${urls.prometheus}/api/v1/alerts${api}`],
    ['Alertmanager', hasInterface ? `${urls.alertmanager}/` : `${urls.alertmanager}/api/v2/alerts${api}`],
    [
      'Dashboards',
      `npm run synth, then import dist/dashboards/*.json into a Grafana whose data source is ${urls.prometheus}`,
    ],
  ] as const;
  return addresses.map(([name, url]) => `  ${name.padEnd(NAME_WIDTH)}${url}`);
}

/** The expected alerts, with a tick and a time on those that came. */
export function checklist(
  expected: readonly Expectation[],
  { arrived, unexpected }: Verdict,
  colour: Paint = paint,
): string[] {
  const lines = expected.map((expectation) => {
    const came = arrived.find((pair) => pair.expectation === expectation);
    const tick = came ? colour('green', '✓') : '·';
    const when = came ? timeOfDay(came.notice.receivedMs) : '        ';
    return `  ${tick} ${when}  ${expectation.alert.padEnd(NAME_WIDTH)}${expectation.because}`;
  });
  const others = unexpected.map((notice) => {
    const name = printable(notice.labels.alertname ?? '').padEnd(NAME_WIDTH);
    return `  ${colour('red', '✗')} ${timeOfDay(notice.receivedMs)}  ${name}not expected: ${printable(notice.annotations.summary ?? '')}`;
  });
  return [...lines, ...others];
}

/** One sentence for the end. */
export function conclusion({ arrived, missing, unexpected }: Verdict): string {
  if (missing.length + unexpected.length === 0)
    return `All ${arrived.length} expected alerts came, and no other.`;
  const names = (list: readonly string[]) => [...new Set(list)].join(', ');
  const parts = [
    ...(missing.length > 0 ? [`missing: ${names(missing.map(({ alert }) => alert))}`] : []),
    ...(unexpected.length > 0
      ? [`not expected: ${names(unexpected.map(({ labels }) => printable(labels.alertname ?? '')))}`]
      : []),
  ];
  return `Not as expected; ${parts.join('; ')}.`;
}
