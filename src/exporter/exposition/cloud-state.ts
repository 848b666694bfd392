import { counted } from '../../runtime/counted.ts';
import { shownResources, usageHours, type Snapshot } from './exposition.ts';
import type { RefreshHistory } from './refresh-history.ts';
import type { ShownCloud } from './rendering.ts';
import { signInWords } from './sign-in-facts.ts';

/** One part of a cloud's meter, and whether it works. */
export interface StateLine {
  part: string;
  words: string;
  works: boolean;
}

/** What works and what does not, for the person who runs the exporter. */
export function stateOf(cloud: ShownCloud): StateLine[] {
  const { signIn, snapshot, metrics } = cloud;
  return [
    refreshLine(metrics.refreshes),
    ...(signIn === undefined ? [] : [good('Keystone', `${signIn.keystone}: ${signInWords(signIn)}`)]),
    ...(snapshot === undefined ? [] : [good('Usage', usageWords(snapshot, cloud))]),
    ...[...metrics.resources].map(([resource, failed]) =>
      failed === undefined
        ? good(resource, 'can be read')
        : bad(resource, `cannot be read: ${failed.reason}`),
    ),
  ];
}

function good(part: string, words: string): StateLine {
  return { part, words, works: true };
}

function bad(part: string, words: string): StateLine {
  return { part, words, works: false };
}

function refreshLine({ counts, lastSuccessMs, failing, nextMs }: RefreshHistory): StateLine {
  const last =
    lastSuccessMs === undefined
      ? 'none succeeded yet'
      : `the last good one ended at ${timeWords(lastSuccessMs)}`;
  const next = nextMs === undefined ? '' : `; the next one starts at ${timeWords(nextMs)}`;
  if (failing !== undefined)
    return bad('Refreshes', `fail since ${timeWords(failing.sinceMs)}: ${failing.reason}; ${last}${next}`);
  if (lastSuccessMs === undefined) return good('Refreshes', 'the first one runs: OpenStack is being read');
  return good('Refreshes', `${counts.success} succeeded since the start; ${last}${next}`);
}

function usageWords(snapshot: Snapshot, { resources, metrics }: ShownCloud): string {
  const { meter, projects } = snapshot;
  const whose =
    metrics.readsWholeCloud === false
      ? `${counted(projects.length, 'project')}, in which the user has a role,`
      : counted(projects.length, 'project');
  const period = `from ${timeWords(meter.startMs)} until ${timeWords(meter.untilMs)}`;
  const hours = shownResources(snapshot, resources).map((resource) => usageHours(snapshot, resource));
  return projects.some(({ id }) => hours.some((of) => of(id) > 0))
    ? `of ${whose} ${period}`
    : `none yet: ${whose} used nothing ${period}`;
}

/** `2026-01-01 00:00:00 UTC` */
export function timeWords(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
