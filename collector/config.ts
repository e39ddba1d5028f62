/**
 * What one collector process is told: the shape of the file given to `--config`, with its defaults.
 *
 * `stack/` derives it from `stack.config.ts`, so a user never writes it by hand; it is checked all the same, since
 * a collector may run without the rest.
 */
import { readFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { burstWindowSchema } from './catalogue/burst-window.ts';
import { detectors, toolRisks } from './catalogue/labels.ts';

const closed = { additionalProperties: false } as const;
const port = Type.Integer({ minimum: 0, maximum: 65_535 });
const positive = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const seconds = Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000 });
const name = Type.String({ minLength: 1, maxLength: 256 });
const listener = Type.Object({ host: name, port }, closed);

/** Says which session type a session gets whose events do not say: the first rule that matches. */
export const sessionTypeRuleSchema = Type.Object(
  { type: name, server: Type.Optional(name), client: Type.Optional(name), environment: Type.Optional(name) },
  closed,
);

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });

/** What is known of an approved tool. `risk` says all that it can do; without it, its annotations and its name tell. */
const registeredToolSchema = Type.Object({ risk: Type.Optional(Type.Array(oneOf(toolRisks))) }, closed);

/** A server of the registry: who owns it, who may use it, which tools are approved. */
export const registeredServerSchema = Type.Object(
  {
    owner: name,
    environment: name,
    clients: Type.Optional(Type.Array(name)),
    /** The approved tools: their names, or by name what is known of each. */
    tools: Type.Optional(Type.Union([Type.Array(name), Type.Record(name, registeredToolSchema)])),
  },
  closed,
);

/** How behaviour is judged, and how often a human may be told of it. */
export const detectionSchema = Type.Object(
  {
    enabled: Type.Boolean(),
    /** Detectors that are switched off. */
    off: Type.Array(oneOf(detectors)),
    /** Incidents a day that may page; those beyond go to the digest. */
    pagesPerDay: positive,
    /** Entries a day that the digest may have; the thresholds of all scores follow from it. */
    digestEntriesPerDay: positive,
    /** Sessions a day that the digest's entries are a share of; as many as end, when left out. */
    sessionsPerDay: Type.Optional(positive),
    /** Keep the cited passages of findings: up to 300 characters of what agents and tools said. */
    excerpts: Type.Boolean(),
  },
  closed,
);

/** Which of several processes this is; written by the one that starts them. */
const partitionSchema = Type.Object(
  {
    /** From 0. */
    number: Type.Integer({ minimum: 0 }),
    /** Data directories of all of them, in their order. */
    directories: Type.Array(Type.String({ minLength: 1 })),
    /** How often this one has been started again. */
    restarts: Type.Integer({ minimum: 0 }),
  },
  closed,
);

const limitsSchema = Type.Object(
  {
    /** Request body as it arrives, compressed or not. */
    bodyBytes: positive,
    /** Request body after inflation. */
    inflatedBytes: positive,
    eventsPerRequest: positive,
    jsonDepth: positive,
    bytesInFlight: positive,
    sessions: positive,
    toolsPerSession: positive,
    dedupeIds: positive,
    windowKeys: positive,
    /** Keys of one burst window that become series, the largest peaks first. */
    windowSeries: positive,
    /** Sets of open label values of one metric, each with every closed one; beyond, every open label is `_other`. */
    seriesPerMetric: positive,
    sessionTypes: positive,
    findings: positive,
    /** Open connections of each listener, and how many of them may come from one IPv4 address or one /64 of IPv6. */
    connections: positive,
    connectionsPerSource: positive,
    /** Of each bearer token whose line in the tokens file has no limit of its own; see `receive/tokens.ts`. */
    eventsPerSecondPerToken: positive,
    /** Time for the headers of a request, for all of a request, and without a byte in either direction. */
    headersSeconds: seconds,
    requestSeconds: seconds,
    idleSeconds: seconds,
    /** Time for the disk to take a commit of the journal; beyond it, events are refused until it does. */
    commitSeconds: seconds,
  },
  closed,
);

/**
 * A collector that is told to stop has so long to save its state, and is killed then; several processes, which are told
 * by the one that started them, end before it does.
 */
export const STOP_SECONDS = 50;
export const STOP_ALL_SECONDS = STOP_SECONDS + 5;

/** What one batch of sessions takes has to fit in many times. */
export const SMALLEST_INDEX_BYTES = 16 * 1024 * 1024;

export const collectorConfigSchema = Type.Object(
  {
    ingest: listener,
    operations: listener,
    pages: listener,
    dataDirectory: Type.String({ minLength: 1 }),
    /** Processes that share the work, each on a core of its own and with a part of the sessions. */
    processes: Type.Integer({ minimum: 1, maximum: 64 }),
    partition: Type.Optional(partitionSchema),
    /** File with one bearer token a line, see `receive/tokens.ts`; re-read when it changes. Without it, ingest listens on loopback only. */
    tokensFile: Type.Optional(Type.String({ minLength: 1 })),
    scrapeIntervalSeconds: seconds,
    /** Older events are refused. */
    maxEventAgeSeconds: seconds,
    /** Events further ahead of this clock are refused. */
    maxEventFutureSeconds: seconds,
    /** Events later than this are counted but take no part in burst windows. */
    latenessSeconds: seconds,
    sessionIdleSeconds: seconds,
    sessionTypeRules: Type.Array(sessionTypeRuleSchema),
    /** Completed sessions of a type before its baseline speaks. */
    baselineMinimumSessions: positive,
    /** Completed sessions of a type that its baseline remembers, the newest. */
    baselineSessions: positive,
    /** A session with more than this many times its type's baseline of distinct tools is a finding. */
    toolDiversityFactor: Type.Number({ exclusiveMinimum: 0 }),
    burstWindows: Type.Array(burstWindowSchema),
    servers: Type.Record(name, registeredServerSchema),
    detection: detectionSchema,
    journalSegmentBytes: positive,
    /** On disk, closed segments compressed. */
    journalRetentionBytes: positive,
    journalRetentionSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 315_360_000 }),
    snapshotIntervalSeconds: seconds,
    /** The index of ended sessions; the oldest make room. */
    indexBytes: Type.Integer({ minimum: SMALLEST_INDEX_BYTES, maximum: Number.MAX_SAFE_INTEGER }),
    limits: limitsSchema,
  },
  closed,
);

export type CollectorConfig = Static<typeof collectorConfigSchema>;
export type SessionTypeRule = Static<typeof sessionTypeRuleSchema>;
export type RegisteredServer = Static<typeof registeredServerSchema>;
export type DetectionConfig = Static<typeof detectionSchema>;
export type CollectorLimits = Static<typeof limitsSchema>;

const MIB = 1024 * 1024;

export const collectorDefaults: CollectorConfig = {
  // All addresses of both families; of IPv4 alone where the machine has no IPv6.
  ingest: { host: '::', port: 4318 },
  operations: { host: '::', port: 9464 },
  // Pages show what sessions did. Loopback keeps them behind `kubectl port-forward`, hence behind the cluster's own login.
  pages: { host: '127.0.0.1', port: 8080 },
  dataDirectory: 'data',
  processes: 1,
  scrapeIntervalSeconds: 5,
  maxEventAgeSeconds: 86_400,
  maxEventFutureSeconds: 60,
  latenessSeconds: 300,
  sessionIdleSeconds: 1_800,
  sessionTypeRules: [],
  baselineMinimumSessions: 30,
  baselineSessions: 500,
  toolDiversityFactor: 3,
  burstWindows: [],
  servers: {},
  // Twenty pages of ten minutes each are what one analyst can work through in a shift.
  detection: { enabled: true, off: [], pagesPerDay: 20, digestEntriesPerDay: 50, excerpts: false },
  journalSegmentBytes: 64 * MIB,
  journalRetentionBytes: 4_096 * MIB,
  journalRetentionSeconds: 2_592_000,
  // How much a start replays is bounded by what was written, so this only spares a quiet collector old events.
  snapshotIntervalSeconds: 30,
  indexBytes: 1_024 * MIB,
  limits: {
    bodyBytes: 8 * MIB,
    inflatedBytes: 64 * MIB,
    eventsPerRequest: 10_000,
    jsonDepth: 64,
    bytesInFlight: 128 * MIB,
    // About 5 kB each at most, and once more while they are saved: what the pod's default memory holds.
    sessions: 25_000,
    toolsPerSession: 500,
    dedupeIds: 1_000_000,
    windowKeys: 10_000,
    windowSeries: 500,
    seriesPerMetric: 2_000,
    sessionTypes: 50,
    findings: 1_000,
    connections: 4_096,
    connectionsPerSource: 1_024,
    // About what one core takes in single requests: one sender that runs wild must not cost the others theirs.
    eventsPerSecondPerToken: 20_000,
    headersSeconds: 10,
    requestSeconds: 30,
    idleSeconds: 75,
    commitSeconds: 5,
  },
};

/** The approved tools of a server; undefined when the registry claims nothing of its tools. */
export const approvedTools = ({ tools }: RegisteredServer): readonly string[] | undefined =>
  tools && (Array.isArray(tools) ? tools : Object.keys(tools));

const check = Compile(collectorConfigSchema);

/** What is wrong with a configuration, as the field and the end of the sentence about it; undefined when nothing is. */
export function faultOfCollectorConfig(
  value: unknown,
): { readonly field: string; readonly fault: string } | undefined {
  if (check.Check(value)) return undefined;
  const [first] = check.Errors(value);
  const field = first?.instancePath.slice(1).replaceAll('/', '.') || 'the configuration';
  // The schema library says of an unknown key that its schema is false.
  const fault =
    first?.keyword === 'boolean' ? 'is not a known setting: remove it or mend its name' : first?.message;
  return { field, fault: fault ?? 'is not valid' };
}

/** Reads and checks a configuration file. Throws one sentence that names the file and the field. */
export function readCollectorConfig(file: string): CollectorConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`cannot read the collector's configuration ${file}: ${(error as Error).message}`);
  }
  const wrong = faultOfCollectorConfig(value);
  if (wrong) throw new Error(`${file}: ${wrong.field} ${wrong.fault}`);
  return value as CollectorConfig;
}
