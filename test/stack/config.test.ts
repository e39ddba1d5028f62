import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defineStack, ENVIRONMENT_VARIABLE, type StackOptions, stackDefaults } from '../../stack/config.ts';
import { bytes } from '../../stack/quantities.ts';
import { SourceCopy } from '../type-check.ts';

describe('the stack configuration', () => {
  afterEach(() => {
    delete process.env[ENVIRONMENT_VARIABLE];
  });

  test('is complete without a word', () => {
    expect(defineStack()).toEqual(stackDefaults);
  });

  test('keeps the defaults beside a key that is changed', () => {
    const config = defineStack({ prometheus: { retention: '7d' } });
    expect(config.prometheus).toEqual({ ...stackDefaults.prometheus, retention: '7d' });
  });

  test('takes lists and records of the user whole', () => {
    const network = { senderNamespaceLabels: { team: 'agents' } };
    expect(defineStack({ network }).network.senderNamespaceLabels).toEqual({ team: 'agents' });
  });

  test('lays the chosen environment over the base', () => {
    process.env[ENVIRONMENT_VARIABLE] = 'staging';
    const config = defineStack(
      { namespace: 'lookout', prometheus: { replicas: 3 } },
      { staging: { prometheus: { replicas: 1 } } },
    );
    expect([config.namespace, config.prometheus.replicas]).toEqual(['lookout', 1]);
  });

  test('names the environments there are when the chosen one is not among them', () => {
    process.env[ENVIRONMENT_VARIABLE] = 'prod';
    expect(() => defineStack({}, { staging: {} })).toThrow(
      'MCP_LOOKOUT_STACK=prod is not an environment of stack.config.ts (known: staging)',
    );
  });

  test.each([
    [{ colector: {} }, 'stack.config.ts: colector is not a setting (known here: namespace, '],
    [
      { prometheus: { replica: 1 } },
      'stack.config.ts: prometheus.replica is not a setting (known here: replicas, ',
    ],
    [{ prometheus: { replicas: '2' } }, 'stack.config.ts: prometheus.replicas must be a number, not "2"'],
    [{ alerts: { ToolErrorSustaind: {} } }, 'ToolErrorSustaind'],
    [{ namespace: 'Bad_Name' }, 'namespace must be lower-case letters, digits and hyphens, not "Bad_Name"'],
    [
      { network: { notificationPorts: [443, '587'] } },
      'network.notificationPorts[1] must be a port from 1 to 65535',
    ],
    [
      { prometheus: { scrapeInterval: '5x' } },
      'prometheus.scrapeInterval must be a duration such as "5s", not "5x"',
    ],
    [{ alertmanager: { replicas: 0 } }, 'alertmanager.replicas must be a whole number from 1, not 0'],
    [{ collector: { storage: '10GB' } }, '"10GB" is not a number with one of the units'],
  ])('refuses %j with the path and what is known', (options, message) => {
    expect(() => defineStack(options as StackOptions)).toThrow(message);
  });

  test('reads quantities of bytes', () => {
    expect([bytes('10Gi'), bytes('256Mi')]).toEqual([10 * 2 ** 30, 2 ** 28]);
    expect(() => bytes('10GB' as never)).toThrow(
      '"10GB" is not a number with one of the units Ki, Mi, Gi, Ti',
    );
  });
});

describe('a mistake in stack.config.ts does not compile', () => {
  const mistakes = {
    'a wrong key': '{ prometheus: { replica: 2 } }',
    'a wrong unit': "{ prometheus: { storage: '50GB' } }",
    'an alert that does not exist': '{ alerts: { ToolErrorSustaind: { above: 0.1 } } }',
    'a setting that the alert does not have': '{ alerts: { ToolErrorSustained: { over: 0.1 } } }',
    'a limit of the wrong type': "{ alerts: { ToolErrorSustained: { above: '10%' } } }",
  };
  const fileOf = (mistake: string) => `${mistake.replaceAll(' ', '-')}.config.ts`;
  let files: Set<string>;

  beforeAll(async () => {
    const copy = new SourceCopy();
    const withConfig = (options: string) =>
      `import { defineStack } from './stack/config.ts';\nexport default defineStack(${options});\n`;
    for (const [mistake, options] of Object.entries(mistakes)) copy.add(fileOf(mistake), withConfig(options));
    copy.add('none.config.ts', withConfig('{ prometheus: { replicas: 2 } }'));
    files = new Set((await copy.errors()).map(({ file }) => file));
    copy.remove();
  });

  test.each(Object.keys(mistakes))('%s', (mistake) => {
    expect(files).toContain(fileOf(mistake));
  });

  test('but a right one does', () => {
    expect(files.size).toBe(Object.keys(mistakes).length);
  });
});
