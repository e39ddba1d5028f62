/** The programs of others that the stack runs, and from which version on they read what synth writes. */

interface ToolDescription {
  /** The environment variable that names it. */
  readonly variable: string;
  /** What it is called on PATH: upstream's name, then Debian's. */
  readonly commands: readonly string[];
  readonly atLeast: string;
}

export const tools = {
  // 3.5 is the long-term release: left-open ranges and `le="2.0"`, which the rules count on.
  prometheus: { variable: 'MCP_LOOKOUT_PROMETHEUS', commands: ['prometheus'], atLeast: '3.5' },
  promtool: { variable: 'MCP_LOOKOUT_PROMTOOL', commands: ['promtool'], atLeast: '3.5' },
  // 0.33 reads every receiver's secret from a file; older ones refuse the configuration.
  alertmanager: {
    variable: 'MCP_LOOKOUT_ALERTMANAGER',
    commands: ['alertmanager', 'prometheus-alertmanager'],
    atLeast: '0.33',
  },
  amtool: { variable: 'MCP_LOOKOUT_AMTOOL', commands: ['amtool'], atLeast: '0.33' },
} as const satisfies Record<string, ToolDescription>;

export type Tool = keyof typeof tools;
export const toolNames = Object.keys(tools) as readonly Tool[];

export interface Binary {
  /** Absolute path. */
  readonly path: string;
  /** Such as `3.5.3`. */
  readonly version: string;
}

export type Binaries = Readonly<Record<Tool, Binary>>;
export type SomeBinaries = Partial<Binaries>;

export const isComplete = (found: SomeBinaries): found is Binaries =>
  toolNames.every((name) => found[name] !== undefined);

/** Tells a person what happens while they wait. */
export type Progress = (line: string) => void;
/** The variables a search obeys: PATH, HOME, XDG_CACHE_HOME and those of `tools`. */
export type Environment = Readonly<Record<string, string | undefined>>;
