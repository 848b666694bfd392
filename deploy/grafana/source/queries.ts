/**
 * What the dashboards ask of a Prometheus. Totals of usage are gauges that grow with each refresh of an exporter, and
 * begin anew with another epoch; a window in which that happened is left out, whatever the new totals are.
 * https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
 */

/** Series of the sites that are chosen; a site's own Prometheus has no label `location`, and `.*` matches that. */
export const HERE = 'location=~"$location"';

const EXPORTER = 'location, instance, cloud';
const FOLDED_UNTIL = 'stackmeter_exporter_folded_until_timestamp_seconds';

/** Exporters whose totals began anew within the window. */
export const BEGAN_ANEW = `count by (${EXPORTER}) (count_over_time(stackmeter_exporter_epoch_info{${HERE}}[$__rate_interval])) > 1`;

const unlessAnew = `unless on (${EXPORTER}) (${BEGAN_ANEW})`;

/**
 * The amount in use: what was added to the totals, by the time that it was added for. Both move with a refresh, so that
 * neither its interval nor a pause shows; where an exporter does not say up to when it counts, the time of the window.
 */
export function inUse(metric: string, by: string, selector = HERE): string {
  const added = `rate(${metric}{${selector}}[$__rate_interval])`;
  const forTime = `max by (${EXPORTER}) (rate(${FOLDED_UNTIL}{${HERE}}[$__rate_interval]) > 0)`;
  return `sum by (${by}) (3600 * (${added} / on (${EXPORTER}) group_left () ${forTime} or ${added}) ${unlessAnew})`;
}

/** The usage of the whole time that is shown, amount × hours: what was added to the totals, step by step. */
export function usage(metric: string, by: string, selector = HERE): string {
  const added = `sum by (${by}) (rate(${metric}{${selector}}[$__rate_interval]) ${unlessAnew})`;
  return `sum_over_time((${added})[$__range:$__interval]) * $__interval_ms / 1000`;
}

/** Seconds since the instant that a metric tells. */
export function age(metric: string, by: string, selector = ''): string {
  return `time() - max by (${by}) (${metric}${selector === '' ? '' : `{${selector}}`} > 0)`;
}
