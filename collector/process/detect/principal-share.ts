/**
 * Keeps one principal from teaching what is usual: of the sessions of a type that baselines learn from, nobody may have
 * given much more than others do. A tenth, or twice an even share where there are fewer than twenty principals, so that
 * a type with a single service account learns too.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Bounded } from './bounded.ts';

const LARGEST_SHARE = 0.1;
/** Sessions of a type before shares mean anything. */
const MINIMUM_SESSIONS = 50;
const MAXIMUM_PRINCIPALS = 1_000;
const OTHERS = '';
/** All counts are halved at this, so that shares are those of late. */
const AGE_AT = 10_000;

const savedSchema = Type.Array(
  Type.Object({ type: Type.String(), principals: Type.Array(Type.Tuple([Type.String(), Type.Number()])) }),
);
const savedCheck = Compile(savedSchema);

interface TypeShares {
  sessions: number;
  readonly principals: Map<string, number>;
}

export class PrincipalShares {
  readonly #types: Bounded<TypeShares>;

  constructor(maximumTypes: number) {
    this.#types = new Bounded(maximumTypes);
  }

  /** Whether one more session of the principal may teach; if so it is counted. */
  admit(type: string, principal: string): boolean {
    const shares = this.#types.use(type, () => ({ sessions: 0, principals: new Map<string, number>() }));
    const { principals } = shares;
    // Those beyond the table share a place, so that nobody teaches more by making principals up.
    const who = principals.has(principal) || principals.size < MAXIMUM_PRINCIPALS ? principal : OTHERS;
    const own = principals.get(who) ?? 0;
    const most = Math.max(LARGEST_SHARE, 2 / Math.max(1, principals.size)) * shares.sessions;
    if (shares.sessions >= MINIMUM_SESSIONS && own + 1 > most) return false;
    principals.set(who, own + 1);
    shares.sessions++;
    if (shares.sessions >= AGE_AT) age(shares);
    return true;
  }

  snapshot(): Static<typeof savedSchema> {
    return [...this.#types.entries()].map(([type, { principals }]) => ({
      type,
      principals: [...principals],
    }));
  }

  /** False when what was saved has another shape. */
  restore(saved: unknown): boolean {
    if (!savedCheck.Check(saved)) return false;
    this.#types.clear();
    for (const { type, principals } of saved) {
      const kept = new Map(principals.slice(0, MAXIMUM_PRINCIPALS + 1));
      let sessions = 0;
      for (const own of kept.values()) sessions += own;
      this.#types.use(type, () => ({ sessions, principals: kept }));
    }
    return true;
  }
}

function age(shares: TypeShares): void {
  shares.sessions = 0;
  for (const [principal, own] of shares.principals) {
    const kept = Math.floor(own / 2);
    if (kept === 0) shares.principals.delete(principal);
    else shares.principals.set(principal, kept);
    shares.sessions += kept;
  }
}
