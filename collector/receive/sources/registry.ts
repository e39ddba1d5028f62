/** Every source, in the order in which a record is offered to them: who is recognised by more comes first. */
import type { Capability } from '../../catalogue/labels.ts';
import { KeyTable } from '../otlp/key-table.ts';
import type { TelemetryRecord } from '../otlp/record.ts';
import { accessLog } from './access-log.ts';
import { agentgateway } from './agentgateway.ts';
import { claudeCode } from './claude-code.ts';
import { contextforge } from './contextforge.ts';
import { csharp } from './csharp.ts';
import { dockerGateway } from './docker-gateway.ts';
import { envoyAiGateway } from './envoy-ai-gateway.ts';
import { fastmcp } from './fastmcp.ts';
import { commonFields } from './fields.ts';
import { geminiCli } from './gemini-cli.ts';
import { kong } from './kong.ts';
import { litellm } from './litellm.ts';
import { mcpcat } from './mcpcat.ts';
import { opentelemetry } from './opentelemetry.ts';
import { pomerium } from './pomerium.ts';
import { pythonSdk } from './python-sdk.ts';
import { quarkus } from './quarkus.ts';
import { type Plan, planOf } from './record-reader.ts';
import type { Detection, Source } from './source.ts';
import { toolhive } from './toolhive.ts';
import { traceloop } from './traceloop.ts';

export const sources: readonly Source[] = [
  pythonSdk,
  fastmcp,
  csharp,
  traceloop,
  mcpcat,
  agentgateway,
  toolhive,
  contextforge,
  dockerGateway,
  claudeCode,
  geminiCli,
  litellm,
  pomerium,
  kong,
  envoyAiGateway,
  quarkus,
  accessLog,
  opentelemetry,
];

const plans: readonly Plan[] = sources.map(planOf);
const planByName: ReadonlyMap<string, Plan> = new Map(plans.map((plan) => [plan.source.name, plan]));

/** The source of this name, if it sends JSON lines. */
export function linesPlan(name: string): Plan | undefined {
  const plan = planByName.get(name);
  return plan?.source.perspective.line ? plan : undefined;
}

/** The names of the sources that send JSON lines. */
export const lineSources: readonly string[] = sources
  .filter(({ perspective }) => perspective.line)
  .map(({ name }) => name);

/** What each kind of source can show at all. */
export const capabilitiesBySource: ReadonlyMap<string, readonly Capability[]> = new Map(
  sources.map(({ name, sees }) => [name, sees]),
);

const detectionKeys = sources.flatMap(({ detect }) => detect?.anyOf ?? []);
const sourceKeys = sources.flatMap(({ fields = {}, also = [] }) => [
  ...Object.values(fields).flat(),
  ...also,
]);

/** Every attribute that any source's file names: what decoders keep. */
export const wantedKeys = new KeyTable([
  ...Object.values(commonFields).flat(),
  ...detectionKeys,
  ...sourceKeys,
  'service.name',
]);

const markers: ReadonlySet<string> = new Set(detectionKeys);
/** Sources that are told by their attributes; the others are told by scope or name alone. */
const [marked, unmarked] = [true, false].map((byAttributes) =>
  plans.filter(
    ({ source: { detect } }) => detect !== undefined && (detect.anyOf !== undefined) === byAttributes,
  ),
) as [Plan[], Plan[]];

/** The source that a record comes from; undefined when it is not about MCP. */
export function recognise(record: TelemetryRecord): Plan | undefined {
  const isOf = ({ source: { detect } }: Plan) => detect !== undefined && matches(record, detect);
  return unmarked.find(isOf) ?? (hasMarker(record) ? marked.find(isOf) : undefined);
}

/** Whether any source's attribute is there at all, which spares the many spans about other things the rest. */
function hasMarker({ attributes, eventAttributes }: TelemetryRecord): boolean {
  for (const key of attributes.keys()) if (markers.has(key)) return true;
  for (const key of eventAttributes.keys()) if (markers.has(key)) return true;
  return false;
}

function matches(record: TelemetryRecord, { scopes, scopePrefix, anyOf, name }: Detection): boolean {
  if (scopes && !scopes.includes(record.scope)) return false;
  if (scopePrefix !== undefined && !record.scope.startsWith(scopePrefix)) return false;
  const has = (key: string) => record.attributes.has(key) || record.eventAttributes.has(key);
  if (anyOf && !anyOf.some(has)) return false;
  return name === undefined || name.test(record.name);
}
