import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { timeWords } from './cloud-state.ts';
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
    const hours = hoursText(Number(durationMs) / MS_PER_HOUR);
    return `<tr><td>${escapeHtml(name)}</td>${sizes}<td>${escapeHtml(state)}</td><td class="n">${hours}</td></tr>`;
  });
  return (
    `<h3>Server hours since ${timeWords(sinceMs)}</h3>\n` +
    `<div class="t" tabindex="0" role="region" aria-label="Server hours by flavor and state"><table>\n` +
    `<thead><tr><th>Flavor</th><th class="n">vCPUs</th><th class="n">MiB</th><th class="n">GiB</th><th>State</th>` +
    `<th class="n">server-hours</th></tr></thead>\n<tbody>${body.join('\n')}</tbody>\n</table></div>`
  );
}

const HOURS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 3, maximumFractionDigits: 3 });

/** `1,234.500` */
export function hoursText(hours: number): string {
  return HOURS.format(hours);
}

/** Text for a page. Keystone accepts names with characters that have no width or turn the text around: they are named. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll(/\p{C}/gu, (one) => `⟨U+${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
