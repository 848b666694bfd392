/**
 * The dashboards' queries. Totals of usage are gauges that grow with each refresh of an exporter, and begin again with
 * another epoch. A window in which that happened is always left out.
 * https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
 */

/** Selects series of the chosen sites. In a site's own Prometheus the label `location` is missing, and `.*` matches that. */
export const HERE = 'location=~"$location"';

const EXPORTER = 'location, instance, cloud';
const FOLDED_UNTIL = 'stackmeter_exporter_folded_until_timestamp_seconds';

/** Exporters whose totals began again within the window. */
export const BEGAN_ANEW = `count by (${EXPORTER}) (count_over_time(stackmeter_exporter_epoch_info{${HERE}}[$__rate_interval])) > 1`;

const unlessAnew = `unless on (${EXPORTER}) (${BEGAN_ANEW})`;

/**
 * The amount in use: the increase of the totals, divided by the increase of the time up to which they count. Both move
 * with a refresh, so neither the interval of refreshes nor a pause shows. If an exporter does not tell that time, the
 * divisor is the length of the window.
 */
export function inUse(metric: string, by: string, selector = HERE): string {
  const added = `rate(${metric}{${selector}}[$__rate_interval])`;
  const forTime = `max by (${EXPORTER}) (rate(${FOLDED_UNTIL}{${HERE}}[$__rate_interval]) > 0)`;
  return `sum by (${by}) (3600 * (${added} / on (${EXPORTER}) group_left () ${forTime} or ${added}) ${unlessAnew})`;
}

/** The usage in the shown time, amount × hours: the sum of the totals' increases, step by step. */
export function usage(metric: string, by: string, selector = HERE): string {
  const added = `sum by (${by}) (rate(${metric}{${selector}}[$__rate_interval]) ${unlessAnew})`;
  return `sum_over_time((${added})[$__range:$__interval]) * $__interval_ms / 1000`;
}

/** Seconds since the instant in a metric. */
export function age(metric: string, by: string, selector = ''): string {
  return `time() - max by (${by}) (${metric}${selector === '' ? '' : `{${selector}}`} > 0)`;
}
