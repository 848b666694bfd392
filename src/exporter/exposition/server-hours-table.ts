import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import type { Flavor } from '../metering/flavor.ts';
import type { ServerHours } from '../metering/server-hours.ts';

/** A table of server hours by flavor and state, of all projects together. */
export function serverHoursTable({ sinceMs, totals }: ServerHours): string {
  const rows = new Map<string, { flavor: Flavor; state: string; durationMs: bigint }>();
  for (const { flavor, state, durationMs } of [...totals.values()].flat()) {
    const key = `${flavor.key} ${state}`;
    rows.set(key, { flavor, state, durationMs: (rows.get(key)?.durationMs ?? 0n) + durationMs });
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const body = sorted.map(({ flavor, state, durationMs }) => {
    const { name = 'unknown', vcpu, mb, disk_gb } = flavor;
    const sizes = [vcpu, mb, disk_gb].map((size) => `<td class="n">${size}</td>`).join('');
    const hours = (Number(durationMs) / MS_PER_HOUR).toFixed(3);
    return `<tr><td>${escapeHtml(name)}</td>${sizes}<td>${escapeHtml(state)}</td><td class="n">${hours}</td></tr>`;
  });
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return (
    `<h3>Server hours since ${since}</h3>\n` +
    `<div class="t" tabindex="0" role="region" aria-label="Server hours by flavor and state"><table>\n` +
    `<thead><tr><th>Flavor</th><th class="n">vCPUs</th><th class="n">MiB</th><th class="n">GiB</th><th>State</th>` +
    `<th class="n">server-hours</th></tr></thead>\n<tbody>${body.join('\n')}</tbody>\n</table></div>`
  );
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
