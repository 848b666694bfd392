import { createMetrics, type MetricDeclaration } from '../runtime/metrics.ts';
import type { RefusalReason } from './refusal.ts';

/** What the gate tells about itself: never to the portal, and nothing of what it was asked. */
export interface GateMetrics {
  /** `token` is empty where there was no valid one. */
  decided(decision: {
    token: string;
    result: 'allowed' | 'denied' | 'failed';
    reason: RefusalReason | '';
  }): void;
  answered(token: string, bytes: number): void;
  upstreamFailed(status: number): void;
  inFlight(change: 1 | -1): void;
  connectionRefused(reason: 'address' | 'total'): void;
  reloaded(succeeded: boolean): void;
  /** Unix milliseconds by token name; names that are gone are forgotten. */
  tokensExpire(expiries: ReadonlyMap<string, number>): void;
  certificateExpires(atMs: number | undefined): void;
  /** The exposition of all of them. */
  exposition(): Promise<string>;
}

/** What stands after `stackmeter_gate_`; docs/metrics.md lists the same. */
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
    help: 'bytes that were sent in answer, as they were on the wire',
    labels: ['token'],
  },
  upstreamErrors: {
    type: 'counter',
    name: 'upstream_errors_total',
    help: 'requests that failed behind the gate, by the status that the client got',
    labels: ['status'],
  },
  connectionsRefused: {
    type: 'counter',
    name: 'connections_refused_total',
    help: 'connections that were one too many, from their address or in total',
    labels: ['reason'],
  },
  reloadFailures: {
    type: 'counter',
    name: 'reload_failures_total',
    help: 'reloads that failed and left the old configuration in force',
    labels: [],
  },
  inFlight: {
    type: 'gauge',
    name: 'requests_in_flight',
    help: 'requests that are being answered',
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

export function createGateMetrics(): GateMetrics {
  const metrics = createMetrics('stackmeter_gate_', DECLARATIONS);
  return {
    decided: (labels) => metrics.decisions.inc(labels),
    answered: (token, count) => metrics.answerBytes.inc({ token }, count),
    upstreamFailed: (status) => metrics.upstreamErrors.inc({ status }),
    connectionRefused: (reason) => metrics.connectionsRefused.inc({ reason }),
    inFlight: (change) => metrics.inFlight.inc(change),
    reloaded: (succeeded) => {
      metrics.reloadSuccess.set(succeeded ? 1 : 0);
      if (!succeeded) metrics.reloadFailures.inc();
    },
    tokensExpire: (expiries) => {
      metrics.tokenExpiry.reset();
      for (const [token, atMs] of expiries) metrics.tokenExpiry.set({ token }, atMs / 1000);
    },
    certificateExpires: (atMs) => {
      if (atMs !== undefined) metrics.certificateExpiry.set(atMs / 1000);
    },
    exposition: async () => await metrics.registry.metrics(),
  };
}
