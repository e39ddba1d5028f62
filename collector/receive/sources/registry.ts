/** Every source, in the order in which a record is offered to them: who is recognised by more comes first. */
import type { Capability } from '../../catalogue/labels.ts';
import type { AttributeList } from '../otlp/attribute-list.ts';
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
import type { Detection, Field, Source } from './source.ts';
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

export const plans: readonly Plan[] = sources.map(planOf);
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

/** The attributes that sources' files name for these fields, and all those by which records are told and refined. */
function keysFor(isWanted: (field: Field) => boolean): KeyTable {
  const ofFields = [commonFields, ...sources.map(({ fields = {} }) => fields)].flatMap((fields) =>
    (Object.entries(fields) as [Field, readonly string[]][]).flatMap(([field, keys]) =>
      isWanted(field) ? keys : [],
    ),
  );
  const others = sources.flatMap(({ detect, also = [] }) => [...(detect?.anyOf ?? []), ...also]);
  return new KeyTable([...ofFields, ...others, 'service.name']);
}

/** Every attribute that any source's file names: what decoders keep of logs. */
export const wantedKeys = keysFor(() => true);
/** The same of spans, which have ids and so are not told apart by their requests'. */
export const wantedOfSpans = keysFor((field) => field !== 'requestId');

/** Sources that are told by their attributes; the others are told by scope or name alone. */
const [marked, unmarked] = [true, false].map((byAttributes) =>
  plans.filter(
    ({ source: { detect } }) => detect !== undefined && (detect.anyOf !== undefined) === byAttributes,
  ),
) as [Plan[], Plan[]];

/** For each attribute that tells sources, these as bits, in their order. */
const markers = new Map<string, number>();
marked.forEach(({ source: { detect } }, index) => {
  for (const key of detect?.anyOf ?? []) markers.set(key, (markers.get(key) ?? 0) | (1 << index));
});

/** The source that a record comes from; undefined when it is not about MCP. */
export function recognise(record: TelemetryRecord): Plan | undefined {
  for (const plan of unmarked) if (matches(record, plan)) return plan;
  // One pass spares the many spans about other things the rest.
  let candidates = markersIn(record.attributes) | markersIn(record.eventAttributes);
  for (let index = 0; candidates !== 0; index++, candidates >>>= 1) {
    const plan = marked[index] as Plan;
    if (candidates & 1 && matches(record, plan)) return plan;
  }
  return undefined;
}

function markersIn(attributes: AttributeList): number {
  let found = 0;
  for (let i = 0; i < attributes.size; i++) found |= markers.get(attributes.keyAt(i)) ?? 0;
  return found;
}

/** Whether all conditions but that of the attributes hold. */
function matches(record: TelemetryRecord, { source: { detect } }: Plan): boolean {
  const { scopes, scopePrefix, name } = detect as Detection;
  if (scopes && !scopes.includes(record.scope)) return false;
  if (scopePrefix !== undefined && !record.scope.startsWith(scopePrefix)) return false;
  return name === undefined || name.test(record.name);
}
