import { counter, createMetrics, gauge, type Metrics } from '../runtime/metrics.ts';

/** Names without `stackmeter_gate_`; docs/metrics.md lists the same metrics. */
export const DECLARATIONS = {
  decisions: counter('decisions_total', 'requests by token, result and reason', 'token', 'result', 'reason'),
  answerBytes: counter('answer_bytes_total', 'bytes of answers on the wire, after any compression', 'token'),
  upstreamErrors: counter(
    'upstream_errors_total',
    'requests that failed behind the gate, by the status of the answer',
    'status',
  ),
  connectionsRefused: counter(
    'connections_refused_total',
    'connections refused because of the limit per address or in total',
    'reason',
  ),
  reloadFailures: counter('reload_failures_total', 'failed reloads; the old configuration stays in force'),
  inFlight: gauge('requests_in_flight', 'requests in progress'),
  reloadSuccess: gauge('reload_success', '1 if the last reload, or the start, succeeded'),
  tokenExpiry: gauge('token_expiry_timestamp_seconds', 'when a token expires', 'token'),
  certificateExpiry: gauge('certificate_expiry_timestamp_seconds', "when the gate's own certificate expires"),
};

/** The gate's own metrics. They hold nothing of what clients asked for, and the portal cannot read them. */
export type GateMetrics = Metrics<typeof DECLARATIONS>;

export function createGateMetrics(): GateMetrics {
  return createMetrics('stackmeter_gate_', DECLARATIONS);
}
