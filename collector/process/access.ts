/** Whether calls agree with the registry: is the server known, may this client use it, is this tool approved. */
import { type AccessViolationReason, UNKNOWN } from '../catalogue/labels.ts';
import { accessViolations, serverInfo } from '../catalogue/metrics.ts';
import { approvedTools, type CollectorConfig } from '../config.ts';
import type { Instruments } from '../instruments.ts';
import type { CallFacts } from './call-facts.ts';

interface Registered {
  readonly clients?: ReadonlySet<string>;
  readonly tools?: ReadonlySet<string>;
}

export class Access {
  readonly #instruments: Instruments;
  readonly #servers: ReadonlyMap<string, Registered>;

  constructor(config: CollectorConfig, instruments: Instruments) {
    this.#instruments = instruments;
    const servers = Object.entries(config.servers);
    this.#servers = new Map(
      servers.map(([server, registered]) => {
        const { clients } = registered;
        const tools = approvedTools(registered);
        return [
          server,
          { ...(clients && { clients: new Set(clients) }), ...(tools && { tools: new Set(tools) }) },
        ];
      }),
    );
    for (const [server, { owner, environment }] of servers) {
      instruments.set(serverInfo, { server, owner, environment }, 1);
    }
  }

  /** Counts what a call contradicts. An attempt counts like a success: who tried is what the owner wants to know. */
  check({ server, client, tool }: CallFacts): void {
    if (this.#servers.size === 0) return;
    for (const reason of this.#violations(server, client, tool))
      this.#instruments.inc(accessViolations, { server, client: client ?? UNKNOWN, reason });
  }

  /** A registry without servers claims nothing, and so does a server without a list of clients or tools. */
  #violations(server: string, client: string | undefined, tool: string): AccessViolationReason[] {
    const registered = this.#servers.get(server);
    if (!registered) return ['unknown_server'];
    const violations: AccessViolationReason[] = [];
    if (registered.clients && (client === undefined || !registered.clients.has(client))) {
      violations.push('client_not_allowed');
    }
    if (registered.tools && !registered.tools.has(tool)) violations.push('tool_not_approved');
    return violations;
  }
}
