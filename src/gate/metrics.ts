import { Counter, Gauge, Registry } from 'prom-client';
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

/** Help and labels by what stands after `stackmeter_gate_`; docs/metrics.md lists the same. */
export const COUNTERS = {
  decisions_total: ['requests by token, result and reason', ['token', 'result', 'reason']],
  answer_bytes_total: ['bytes that were sent in answer, as they were on the wire', ['token']],
  upstream_errors_total: [
    'requests that failed behind the gate, by the status that the client got',
    ['status'],
  ],
  connections_refused_total: [
    'connections that were one too many, from their address or in total',
    ['reason'],
  ],
  reload_failures_total: ['reloads that failed and left the old configuration in force', []],
} as const;

export const GAUGES = {
  requests_in_flight: ['requests that are being answered', []],
  reload_success: ['1 if the last reload, or the start, succeeded', []],
  token_expiry_timestamp_seconds: ['when a token expires', ['token']],
  certificate_expiry_timestamp_seconds: ["when the gate's own certificate expires", []],
} as const;

export function createGateMetrics(): GateMetrics {
  const registry = new Registry();
  const declared = (name: string, [help, labelNames]: readonly [string, readonly string[]]) => ({
    name: `stackmeter_gate_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const counter = (name: keyof typeof COUNTERS) => new Counter<string>(declared(name, COUNTERS[name]));
  const gauge = (name: keyof typeof GAUGES) => new Gauge<string>(declared(name, GAUGES[name]));
  const decisions = counter('decisions_total');
  const bytes = counter('answer_bytes_total');
  const upstreamErrors = counter('upstream_errors_total');
  const connectionsRefused = counter('connections_refused_total');
  const reloadFailures = counter('reload_failures_total');
  const inFlight = gauge('requests_in_flight');
  const reloadSuccess = gauge('reload_success');
  const tokenExpiry = gauge('token_expiry_timestamp_seconds');
  const certificateExpiry = gauge('certificate_expiry_timestamp_seconds');
  return {
    decided: (labels) => decisions.inc(labels),
    answered: (token, count) => bytes.inc({ token }, count),
    upstreamFailed: (status) => upstreamErrors.inc({ status }),
    connectionRefused: (reason) => connectionsRefused.inc({ reason }),
    inFlight: (change) => inFlight.inc(change),
    reloaded: (succeeded) => {
      reloadSuccess.set(succeeded ? 1 : 0);
      if (!succeeded) reloadFailures.inc();
    },
    tokensExpire: (expiries) => {
      tokenExpiry.reset();
      for (const [token, atMs] of expiries) tokenExpiry.set({ token }, atMs / 1000);
    },
    certificateExpires: (atMs) => {
      if (atMs !== undefined) certificateExpiry.set(atMs / 1000);
    },
    exposition: async () => await registry.metrics(),
  };
}
