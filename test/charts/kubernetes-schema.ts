/**
 * Cuts the definitions that our kinds need out of Kubernetes' own OpenAPI, without their descriptions. To renew or add
 * a version, with Go installed:
 *
 *   go mod download -json k8s.io/kubernetes@v1.37.0      # prints "Dir"
 *   npx node test/charts/kubernetes-schema.ts v1.37.0 <Dir>/api/openapi-spec/swagger.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Definitions, fixture, type Json, mapFields, type Schema } from './kubernetes-check.ts';

const kinds = [
  'v1 ConfigMap',
  'v1 Namespace',
  'v1 Service',
  'v1 ServiceAccount',
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'networking.k8s.io/v1 NetworkPolicy',
  'policy/v1 PodDisruptionBudget',
];

const referencesOf = (value: Json) =>
  [...JSON.stringify(value).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name!);

function cut(all: Definitions): Schema {
  const names = kinds.map((kind) => {
    const [version, name] = kind.split(' ');
    const found = Object.entries(all).find(([, definition]) =>
      (
        (definition['x-kubernetes-group-version-kind'] ?? []) as {
          group: string;
          version: string;
          kind: string;
        }[]
      ).some((of) => [of.group, of.version].filter(Boolean).join('/') === version && of.kind === name),
    );
    if (!found) throw new Error(`the OpenAPI has no ${kind}`);
    return found[0];
  });
  const needed = new Set(names);
  for (const name of needed) for (const other of referencesOf(all[name]!)) needed.add(other);
  const withoutWords = (fields: Definitions[string]) =>
    Object.fromEntries(
      Object.entries(fields).filter(
        ([key, value]) => !(key === 'description' && typeof value === 'string') && !key.startsWith('x-'),
      ),
    );
  return {
    kinds: Object.fromEntries(kinds.map((kind, index) => [kind, names[index]!])),
    definitions: Object.fromEntries(
      [...needed].sort().map((name) => [name, mapFields(all[name]!, withoutWords) as Definitions[string]]),
    ),
  };
}

/** One definition a line, so that a new version shows as a change of lines. */
function write(file: string, { kinds, definitions }: Schema): void {
  const lines = Object.entries(definitions).map(([name, value]) => `"${name}":${JSON.stringify(value)}`);
  writeFileSync(file, `{"kinds":${JSON.stringify(kinds)},\n"definitions":{\n${lines.join(',\n')}\n}}\n`);
}

if (import.meta.main) {
  const [version, swagger] = process.argv.slice(2);
  if (!version || !swagger) throw new Error('name the version and its swagger.json');
  write(
    fixture(version),
    cut((JSON.parse(readFileSync(swagger, 'utf8')) as { definitions: Definitions }).definitions),
  );
}
