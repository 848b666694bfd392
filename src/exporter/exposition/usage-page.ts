import { unitOfResource } from '../../prometheus/usage-metrics.ts';
import { version } from '../../runtime/version.ts';
import { stateOf, type StateLine } from './cloud-state.ts';
import { shownResources, usageHours, type Snapshot } from './exposition.ts';
import type { ShownCloud } from './rendering.ts';
import { escapeHtml, hoursText, serverHoursTable } from './server-hours-table.ts';
import type { ResourceName } from '../settings/resources.ts';

/** A wide table scrolls within its box, and the column of project names stays visible. */
const STYLE =
  ':root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem;background:Canvas;color:CanvasText}' +
  'h1{font-size:1.4rem;overflow-wrap:anywhere}.t{overflow-x:auto;margin-top:1rem}' +
  'table{border-collapse:collapse;min-width:100%}th,td{padding:.2rem .8rem;text-align:left;vertical-align:bottom}' +
  'td:first-child,th:first-child{position:sticky;left:0;background:Canvas;min-width:8rem;max-width:40vw;overflow-wrap:anywhere}' +
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem .8rem}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}' +
  'tr{border-bottom:1px solid #8884}.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}';

/** The exporter's page for people: what works of each cloud, and the usage of each project. */
export function usagePage(clouds: readonly ShownCloud[]): string {
  const sections = clouds.map((shown) => {
    const { cloud, snapshot, resources } = shown;
    const heading = cloud === undefined ? '' : `<h2>${escapeHtml(cloud)}</h2>\n`;
    return `${heading}${stateList(stateOf(shown))}${snapshot === undefined ? '' : usageOf(snapshot, resources)}`;
  });
  return page(sections.join('\n'));
}

/** A mark and the word say what works, beside the words themselves. */
function stateList(lines: readonly StateLine[]): string {
  const items = lines.map(
    ({ part, words, works }) =>
      `<dt>${works ? '✓' : '✗'} ${escapeHtml(part)}</dt><dd>${works ? '' : '<strong>Not OK:</strong> '}${escapeHtml(words)}</dd>`,
  );
  return `<dl>\n${items.join('\n')}\n</dl>\n`;
}

function usageOf(snapshot: Snapshot, resources: readonly ResourceName[]): string {
  const { meter, projects } = snapshot;
  const columns = shownResources(snapshot, resources).map((resource) => ({
    resource,
    hours: usageHours(snapshot, resource),
  }));
  const heads = columns.map(
    ({ resource }) => `<th class="n">${breakable(resource)}<br>${unitOfResource(resource)}</th>`,
  );
  const rows = projects.map(({ id, name, domain }) =>
    row(
      name,
      domain.name,
      columns.map(({ hours }) => hours(id)),
    ),
  );
  const totals = columns.map(({ hours }) => projects.reduce((sum, { id }) => sum + hours(id), 0));
  return (
    `<p><a href="/metrics">Metrics</a></p>\n` +
    `<div class="t" tabindex="0" role="region" aria-label="Usage by project"><table>\n` +
    `<thead><tr><th>Project</th><th>Domain</th>${heads.join('')}</tr>\n${row('All projects', '', totals)}</thead>\n` +
    `<tbody>${rows.join('\n')}</tbody>\n</table></div>` +
    (meter.hours === undefined ? '' : `\n${serverHoursTable(meter.hours)}`)
  );
}

function row(project: string, domain: string, hours: readonly number[]): string {
  const cells = hours.map((amount) => `<td class="n">${hoursText(amount)}</td>`).join('');
  const name = project.trim() === '' ? '(no name)' : escapeHtml(project);
  return `<tr><td>${name}</td><td>${escapeHtml(domain)}</td>${cells}</tr>`;
}

/** Allows line breaks in a long resource name, which would make a wide column. */
function breakable(resource: string): string {
  return resource.replaceAll(/_+/g, '$&<wbr>');
}

function page(content: string): string {
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width"><title>stackmeter exporter</title>' +
    `<style>${STYLE}</style></head>\n<body><main><h1>stackmeter exporter ${escapeHtml(version)}</h1>\n${content}\n</main></body></html>\n`
  );
}
