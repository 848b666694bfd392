import { unitOfResource } from '../prometheus/usage-metrics.ts';
import { counted } from '../runtime/counted.ts';
import { version } from '../runtime/version.ts';
import { shownResources, usageHours, type Snapshot } from './exposition.ts';
import type { ShownCloud } from './published.ts';
import type { ResourceName } from './resources.ts';

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}' +
  'table{border-collapse:collapse;margin-top:1rem}th,td{padding:.2rem .8rem;text-align:left}' +
  'tr{border-bottom:1px solid #8884}.n{text-align:right;font-variant-numeric:tabular-nums}';

/** The exporter's page for people: up to when usage is counted, and how much each project has. */
export function usagePage(clouds: readonly ShownCloud[]): string {
  const sections = clouds.map(({ cloud, snapshot, resources }) => {
    const heading = cloud === undefined ? '' : `<h2>${escapeHtml(cloud)}</h2>\n`;
    return `${heading}${snapshot === undefined ? '<p>not read yet</p>' : usageOf(snapshot, resources)}`;
  });
  return page(sections.join('\n'));
}

function usageOf(snapshot: Snapshot, resources: readonly ResourceName[]): string {
  const { meter, projects, completedMs } = snapshot;
  const columns = shownResources(snapshot, resources).map((resource) => ({
    resource,
    hours: usageHours(snapshot, resource),
  }));
  const heads = columns

    .map(({ resource }) => `<th class="n">${resource}<br>${unitOfResource(resource)}</th>`)
    .join('');
  const rows = projects.map(
    (project) =>
      `<tr><td>${escapeHtml(project.name)}</td><td>${escapeHtml(project.domain.name)}</td>${columns
        .map(({ hours }) => `<td class="n">${hours(project.id).toFixed(3)}</td>`)
        .join('')}</tr>`,
  );
  return (
    `<p>Usage of ${counted(projects.length, 'project')} from ${formatTime(meter.startMs)} until ${formatTime(meter.untilMs)}, ` +
    `read at ${formatTime(completedMs)}. <a href="/metrics">Metrics</a></p>\n` +
    `<table>\n<tr><th>Project</th><th>Domain</th>${heads}</tr>\n${rows.join('\n')}\n</table>`
  );
}

/** The page while there are no totals yet. */
export function waitingPage(reason: string): string {
  return page(`<p>${escapeHtml(reason)}</p>`);
}

function page(content: string): string {
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><title>stackmeter exporter</title>' +
    `<style>${STYLE}</style></head>\n<body><h1>stackmeter exporter ${escapeHtml(version)}</h1>\n${content}\n</body></html>\n`
  );
}

function formatTime(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
