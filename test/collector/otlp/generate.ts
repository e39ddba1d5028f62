/** Generates OTLP requests and damages them, the same ones for the same seed. */

import { seeded } from '../../random.ts';

export class Generator {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /** Nanoseconds since the epoch as digits: now, or anything 64 bits can hold. */
  nanoseconds(): string {
    if (this.chance(0.1)) return '0';
    if (this.chance(0.1)) return BigInt.asUintN(64, BigInt(`0x${this.bytes(8).toString('hex')}`)).toString();
    return String(1_795_000_000_000_000_000n + BigInt(this.below(1e9)) * 1_000_003n);
  }

  text(): string {
    return this.pick([
      '',
      'tools/call',
      'größe',
      '工具',
      '__proto__',
      'a'.repeat(200),
      '-32602',
      'tool_error',
      '404',
    ]);
  }

  /** An AnyValue as OTLP/JSON writes it. */
  value(depth = 0): Record<string, unknown> {
    const kinds = depth < 4 ? 8 : 6;
    switch (this.below(kinds)) {
      case 0:
        return { boolValue: this.chance(0.5) };
      case 1:
        return {
          intValue: String(this.pick([0n, -1n, -32_602n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n])),
        };
      case 2:
        return { doubleValue: this.pick([0, 1.5, -2e300, 'NaN', 'Infinity', '-Infinity']) };
      case 3:
        return { bytesValue: this.bytes(this.below(10)).toString('base64') };
      case 4:
        return {};
      case 6:
        return { arrayValue: { values: this.some(3, () => this.value(depth + 1)) } };
      case 7:
        return {
          kvlistValue: { values: this.some(3, () => this.attribute(['a', 'b', '__proto__'], depth + 1)) },
        };
      default:
        return { stringValue: this.text() };
    }
  }

  attribute(keys: readonly string[], depth = 0): Record<string, unknown> {
    return { key: this.pick(keys), value: this.value(depth) };
  }

  span(keys: readonly string[]): Record<string, unknown> {
    const span: Record<string, unknown> = {
      traceId: this.bytes(this.chance(0.9) ? 16 : this.below(40)).toString('hex'),
      spanId: this.bytes(this.chance(0.9) ? 8 : this.below(20)).toString('hex'),
      parentSpanId: this.chance(0.5) ? this.bytes(8).toString('hex') : '',
      name: this.pick(['tools/call search', 'GET /', 'MCP send tools/call x', 'mcp.tool.call', '']),
      kind: this.below(6),
      startTimeUnixNano: this.nanoseconds(),
      endTimeUnixNano: this.nanoseconds(),
      attributes: this.some(8, () => this.attribute(keys)),
      events: this.some(2, () => ({ name: 'e', attributes: this.some(2, () => this.attribute(keys)) })),
      links: this.some(1, () => ({ traceId: '00'.repeat(16), spanId: '00'.repeat(8) })),
      flags: this.pick([0, 0x101, 0x301, 0xffffffff]),
    };
    if (this.chance(0.5)) span.status = { code: this.below(3), message: this.text() };
    return span;
  }

  log(keys: readonly string[]): Record<string, unknown> {
    return {
      timeUnixNano: this.nanoseconds(),
      observedTimeUnixNano: this.nanoseconds(),
      severityNumber: this.below(25),
      severityText: 'INFO',
      eventName: this.text(),
      body: this.value(),
      attributes: this.some(8, () => this.attribute(keys)),
      traceId: this.bytes(this.pick([0, 16])).toString('hex'),
      spanId: this.bytes(this.pick([0, 8])).toString('hex'),
    };
  }

  /** An ExportTraceServiceRequest as OTLP/JSON. */
  traces(keys: readonly string[]): Record<string, unknown> {
    const scopeSpans = () => ({
      scope: { name: this.pick(['mcp-python-sdk', 'fastmcp', 'http', '']), version: '1' },
      spans: this.some(4, () => this.span(keys)),
    });
    const resource = () => ({ attributes: this.some(3, () => this.attribute(keys)) });
    return {
      resourceSpans: this.some(3, () => ({ resource: resource(), scopeSpans: this.some(2, scopeSpans) })),
    };
  }

  /** An ExportLogsServiceRequest as OTLP/JSON. */
  logs(keys: readonly string[]): Record<string, unknown> {
    const scopeLogs = () => ({
      scope: { name: this.pick(['com.anthropic.claude_code.events', 'gemini-cli', '']) },
      logRecords: this.some(4, () => this.log(keys)),
    });
    const resource = () => ({ attributes: this.some(3, () => this.attribute(keys)) });
    return {
      resourceLogs: this.some(3, () => ({ resource: resource(), scopeLogs: this.some(2, scopeLogs) })),
    };
  }

  /** The bytes with one or a few of them changed, cut out, doubled or put in. */
  damage(bytes: Buffer): Buffer {
    let damaged = Buffer.from(bytes);
    for (let edits = this.chance(0.7) ? 1 : 1 + this.below(4); edits > 0; edits--) {
      const at = this.below(damaged.length + 1);
      const rest = damaged.subarray(at);
      switch (this.below(10)) {
        case 0:
          damaged = damaged.subarray(0, at);
          break;
        case 1:
          damaged = Buffer.concat([damaged.subarray(0, at), this.bytes(1 + this.below(4)), rest]);
          break;
        case 2:
          damaged = Buffer.concat([damaged.subarray(0, at), rest.subarray(1 + this.below(4))]);
          break;
        case 3:
          damaged = Buffer.concat([damaged, rest]);
          break;
        default:
          if (at < damaged.length)
            damaged[at] = this.chance(0.5) ? this.below(256) : damaged[at]! ^ (1 << this.below(8));
      }
    }
    return damaged;
  }

  /** The JSON with one of its values replaced by one of another kind. */
  scramble(json: Buffer): Buffer {
    const copy: unknown = JSON.parse(json.toString());
    let parent: Record<string, unknown> = { root: copy };
    for (let key = 'root'; ; ) {
      const value = parent[key];
      const isContainer = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
      if (!isContainer || this.chance(0.05)) {
        parent[key] = this.pick([
          null,
          0,
          -32_602,
          1e300,
          true,
          '',
          '401',
          '__proto__',
          'x'.repeat(5_000),
          [],
          {},
          [[[]]],
        ]);
        return Buffer.from(JSON.stringify(copy));
      }
      parent = value as Record<string, unknown>;
      key = this.pick(Object.keys(parent));
    }
  }
}
