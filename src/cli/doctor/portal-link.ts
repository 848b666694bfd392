import { askOverSocket } from '../../portal/ask-over-socket.ts';
import { checkSites } from '../../portal/check.ts';
import { withOwnerSocket } from '../../portal/owner-socket.ts';
import type { Page, SiteRow } from '../../portal/api/shapes/answers.ts';
import type { PortalConfig } from '../../portal/settings/settings.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isOverheard } from '../../runtime/http/listen.ts';
import { ask, jsonOf } from './ask.ts';
import { faultOf } from './fault.ts';
import { minuteWords, notLookedAt, notOk, ok, type Finding } from './finding.ts';

const SITES = '/api/v1/sites';

/** Reads the gate of each site once, as `stackmeter portal --check` does. */
export async function lookAtGates(config: PortalConfig, clock: Clock): Promise<Finding[]> {
  return (await checkSites(config, { clock })).map(({ line, works }) => {
    const words = line.replace(/ {2,}/, ' ');
    return works ? ok('gate', words) : notOk('gate', words, 'run stackmeter doctor at that site');
  });
}

/** Asks the portal of this machine. */
export async function lookAtRunningPortal(dataFolder: string, nowMs: number): Promise<Finding[]> {
  try {
    const target = { method: 'GET', path: SITES };
    const answer = await withOwnerSocket(
      dataFolder,
      async (path) => (await askOverSocket(path, target)) as Page<SiteRow>,
    );
    if (answer !== undefined) return judgeSites(answer.result.data, nowMs);
    return [
      notOk('portal', `no portal runs in ${dataFolder}`, 'start it, or name its data folder with --data DIR'),
    ];
  } catch (error) {
    return [notOk('portal', faultOf(error), 'run this as the account of the portal')];
  }
}

/** Asks a portal elsewhere, with a token of its API. A portal without `[access]` needs none. */
export async function lookAtPortal(
  url: string,
  token: string | undefined,
  nowMs: number,
): Promise<Finding[]> {
  if (token !== undefined && isOverheard(new URL(url)))
    return [notOk('portal', `${url} would get the token unencrypted`, 'name its address with https')];
  const answer = await ask(url + SITES, token === undefined ? {} : { authorization: `Bearer ${token}` });
  if ('failure' in answer)
    return [
      notOk('portal', `${url} does not answer (${answer.failure})`, 'name its address with --portal URL'),
    ];
  if (answer.status === 401 && token === undefined)
    return [
      notLookedAt(
        'portal',
        `${url} needs a token`,
        'set STACKMETER_PORTAL_TOKEN to a token of the role site',
      ),
    ];
  const page = jsonOf(answer.text) as Page<SiteRow> | { error?: string } | undefined;
  if (answer.status === 200 && page !== undefined && 'data' in page) return judgeSites(page.data, nowMs);
  const said = page !== undefined && 'error' in page ? `: ${page.error}` : '';
  return [
    notOk(
      'portal',
      `${url} answers ${answer.status}${said}`,
      'look at STACKMETER_PORTAL_TOKEN and --portal URL',
    ),
  ];
}

export function judgeSites(all: readonly SiteRow[], nowMs: number): Finding[] {
  const sites = all.filter(({ declared }) => declared);
  if (sites.length === 0 && all.length > 0)
    return [
      notOk(
        'portal',
        `reads none of ${all.map(({ name }) => name).join(', ')}`,
        'start the portal that reads it; if it was removed, ask the operator of the portal for an invitation',
      ),
    ];
  if (sites.length === 0)
    return [
      notOk('portal', 'reads no site', 'invite one with stackmeter portal invite SITE --config portal.toml'),
    ];
  return sites.map((site) => judgeSite(site, nowMs));
}

function judgeSite(site: SiteRow, nowMs: number): Finding {
  const { name, last_error: reason, clouds, projects, ordinary_pause_seconds: pauseS } = site;
  const readAt = clouds[0]?.last_reading_at ?? site.last_reading_at;
  if (reason !== null)
    return notOk('portal', `${name}: ${reason}`, `mend this at ${name}, or read docs/troubleshooting.md`);
  if (readAt === null)
    return notOk('portal', `${name} has no reading yet`, 'wait for two refreshes of its exporter');
  const untilMs = Date.parse(readAt);
  if (clouds.length > 0 && nowMs - untilMs > pauseS * 1000)
    return notOk(
      'portal',
      `${name} has nothing newer than ${minuteWords(untilMs)}`,
      'look at the links before it',
    );
  return ok('portal', `${name}: ${projects} projects up to ${minuteWords(untilMs)}`, { projects, untilMs });
}
