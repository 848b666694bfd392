import { createMetrics, type MetricDeclaration } from '../runtime/metrics.ts';
import type { RefusalReason } from './refusal.ts';

/** Names without `stackmeter_gate_`; docs/metrics.md lists the same metrics. */
export const DECLARATIONS = {
  decisions: {
    type: 'counter',
    name: 'decisions_total',
    help: 'requests by token, result and reason',
    labels: ['token', 'result', 'reason'],
  },
  answerBytes: {
    type: 'counter',
    name: 'answer_bytes_total',
    help: 'bytes of answers on the wire, after any compression',
    labels: ['token'],
  },
  upstreamErrors: {
    type: 'counter',
    name: 'upstream_errors_total',
    help: 'requests that failed behind the gate, by the status of the answer',
    labels: ['status'],
  },
  connectionsRefused: {
    type: 'counter',
    name: 'connections_refused_total',
    help: 'connections refused because of the limit per address or in total',
    labels: ['reason'],
  },
  reloadFailures: {
    type: 'counter',
    name: 'reload_failures_total',
    help: 'failed reloads; the old configuration stays in force',
    labels: [],
  },
  inFlight: {
    type: 'gauge',
    name: 'requests_in_flight',
    help: 'requests in progress',
    labels: [],
  },
  reloadSuccess: {
    type: 'gauge',
    name: 'reload_success',
    help: '1 if the last reload, or the start, succeeded',
    labels: [],
  },
  tokenExpiry: {
    type: 'gauge',
    name: 'token_expiry_timestamp_seconds',
    help: 'when a token expires',
    labels: ['token'],
  },
  certificateExpiry: {
    type: 'gauge',
    name: 'certificate_expiry_timestamp_seconds',
    help: "when the gate's own certificate expires",
    labels: [],
  },
} as const satisfies Record<string, MetricDeclaration>;

/** The gate's own metrics. They hold nothing of what clients asked for, and the portal cannot read them. */
export class GateMetrics {
  readonly #metrics = createMetrics('stackmeter_gate_', DECLARATIONS);

  /** `token` is empty where the request had no valid one. */
  decided(decision: {
    token: string;
    result: 'allowed' | 'denied' | 'failed';
    reason: RefusalReason | '';
  }): void {
    this.#metrics.decisions.inc(decision);
  }

  answered(token: string, bytes: number): void {
    this.#metrics.answerBytes.inc({ token }, bytes);
  }

  upstreamFailed(status: number): void {
    this.#metrics.upstreamErrors.inc({ status });
  }

  inFlight(change: 1 | -1): void {
    this.#metrics.inFlight.inc(change);
  }

  connectionRefused(reason: 'address' | 'total'): void {
    this.#metrics.connectionsRefused.inc({ reason });
  }

  reloaded(succeeded: boolean): void {
    this.#metrics.reloadSuccess.set(succeeded ? 1 : 0);
    if (!succeeded) this.#metrics.reloadFailures.inc();
  }

  /** Unix milliseconds by token name. Tokens that are missing in `expiries` lose their metric. */
  tokensExpire(expiries: ReadonlyMap<string, number>): void {
    this.#metrics.tokenExpiry.reset();
    for (const [token, atMs] of expiries) this.#metrics.tokenExpiry.set({ token }, atMs / 1000);
  }

  certificateExpires(atMs: number | undefined): void {
    if (atMs !== undefined) this.#metrics.certificateExpiry.set(atMs / 1000);
  }

  /** All metrics in the text format. */
  async exposition(): Promise<string> {
    return await this.#metrics.registry.metrics();
  }
}
