/**
 * Privilege-escalation chain: what the session was refused is achieved another way.
 *
 * A state machine without statistics. Carried: a refused call, then within 10 calls and 30 minutes one that succeeds on
 * the same resource through another tool or server, with an argument that a result in between gave (a token, a role, a
 * path). Granted: the session itself gave rights in between, and the refused tool then works. Ladder: three different
 * tries refused, then one that works. Without one of these, another tool is a fallback and the same tool a retry.
 */
import type { Call, Decision, SessionFacts } from '../call.ts';
import type { Detector, Report, Suspicion } from '../detector.ts';
import { ToolNames } from '../tool-words.ts';
import {
  type Denial,
  type DenialState,
  isRefused,
  learnNames,
  namesOf,
  newDenialState,
  noteDecision,
  noteDenial,
  recentDenials,
  resourcesOf,
} from './denials.ts';

const LADDER = 3;
const CARRIED_SCORE = 12;
const GRANTED_SCORE = 11;
const LADDER_SCORE = 8;
const grantVerbs = new Set(
  'grant assign elevate escalate promote impersonate assume authorize approve sudo'.split(' '),
);
const changeVerbs = new Set('add set update create attach change modify put'.split(' '));
const rightNouns = new Set(
  'role roles permission permissions policy policies access admin privilege privileges scope scopes acl membership collaborator iam'.split(
    ' ',
  ),
);

export interface PrivilegeState extends DenialState {
  /** The session gave rights with this call. */
  grant: number | undefined;
  told: readonly string[];
}

export class Privilege implements Detector<PrivilegeState> {
  readonly name = 'privilege_escalation' as const;

  open(): PrivilegeState {
    return { ...newDenialState(), grant: undefined, told: [] };
  }

  /** It begins with a refusal, and with what was refused. */
  cares(call: Call): boolean {
    return call.arguments !== undefined && call.outcome !== 'ok';
  }

  decide(decision: Decision, _: SessionFacts, state: PrivilegeState): void {
    noteDecision(decision, state);
  }

  observe(call: Call, session: SessionFacts, state: PrivilegeState, report: Report): void {
    if (isRefused(call, state)) {
      noteDenial(call, state);
      return;
    }
    if (call.outcome !== 'ok' || state.denials.length === 0) return;
    const found = chainOf(call, state);
    if (found && !state.told.includes(found.kind)) {
      state.told = [...state.told, found.kind];
      report(session, {
        detector: this.name,
        server: call.server,
        tool: call.tool,
        timeMs: call.timeMs,
        ...found.suspicion,
      });
    }
    if (grantTools.has(call.tool)) state.grant = call.index;
    learnNames(call, state);
  }
}

interface Chain {
  readonly kind: string;
  readonly suspicion: Pick<Suspicion, 'certainty' | 'score' | 'message' | 'evidence'>;
}

function chainOf(call: Call, state: PrivilegeState): Chain | undefined {
  if (call.arguments === undefined) return undefined;
  const recent = recentDenials(state, call);
  if (recent.length === 0) return undefined;
  const resources = resourcesOf(call.arguments);
  const same = recent.filter((denial) => [...denial.resources].some((resource) => resources.has(resource)));
  const [denial] = same;
  if (!denial) return undefined;
  return carried(call, denial, state) ?? granted(call, denial, state) ?? ladder(call, same);
}

function carried(call: Call, denial: Denial, { learnt }: PrivilegeState): Chain | undefined {
  if (call.endpoint === denial.endpoint) return undefined;
  for (const { hash, path } of namesOf(call.arguments)) {
    const from = denial.resources.has(hash) ? undefined : learnt.get(hash);
    if (!from || from.call <= denial.call || from.call >= call.index) continue;
    return {
      kind: 'carried',
      suspicion: {
        certainty: 'confirmed',
        score: CARRIED_SCORE,
        message: `\`${denial.endpoint}\` was refused, and ${away(call.index - denial.call)} later \`${call.endpoint}\` succeeded on the same resource, with \`${path}\` out of what \`${from.endpoint}\` returned in between.`,
        evidence: { calls: [denial.call, from.call, call.index] },
      },
    };
  }
  return undefined;
}

function granted(call: Call, denial: Denial, { grant }: PrivilegeState): Chain | undefined {
  if (grant === undefined || grant <= denial.call || grant >= call.index || call.endpoint !== denial.endpoint)
    return undefined;
  return {
    kind: 'granted',
    suspicion: {
      certainty: 'confirmed',
      score: GRANTED_SCORE,
      message: `\`${denial.endpoint}\` was refused; the session then changed rights itself, and the same call succeeded ${away(call.index - denial.call)} after the refusal.`,
      evidence: { calls: [denial.call, grant, call.index] },
    },
  };
}

function ladder(call: Call, denials: readonly Denial[]): Chain | undefined {
  const tries = new Set(denials.map(({ attempt }) => attempt));
  const endpoints = new Set([call.endpoint, ...denials.map(({ endpoint }) => endpoint)]);
  if (tries.size < LADDER || endpoints.size < 2) return undefined;
  return {
    kind: 'ladder',
    suspicion: {
      certainty: 'scored',
      score: LADDER_SCORE + tries.size - LADDER,
      message: `${tries.size} different tries on the same resource were refused before \`${call.endpoint}\` succeeded, over ${endpoints.size} tools.`,
      evidence: { calls: [...denials.map((denial) => denial.call).reverse(), call.index] },
    },
  };
}

const away = (calls: number): string => (calls === 1 ? 'one call' : `${calls} calls`);

const grantTools = new ToolNames((words) => {
  const rights = words.some((word) => rightNouns.has(word));
  return (
    words.some((word) => grantVerbs.has(word)) || (rights && words.some((word) => changeVerbs.has(word)))
  );
});
