import type { Clock } from '../../runtime/clock.ts';
import { counted } from '../../runtime/counted.ts';
import { connect, duringStart, readSignIn } from './connection.ts';
import { signInWords } from '../exposition/sign-in-facts.ts';
import { NOTHING_COUNTED, readMeteredCloud, type MeteredCloud } from './metered-cloud.ts';
import { gpusOfFlavor } from '../metering/gpus.ts';
import { settledUntil } from '../metering/window.ts';
import { unsafeConnection } from '../openstack/session/agent.ts';
import { readFlavors } from '../openstack/nova-flavors.ts';
import {
  readRights,
  sampledResourceOf,
  type BasicRight,
  type Right,
  type RightName,
} from '../openstack/rights.ts';
import type { Session } from '../openstack/session/session.ts';
import { readHoldings } from './sampling.ts';
import type { ExporterConfig } from '../settings/config.ts';

const HOUR_MS = 3_600_000;

const OTHER_PROJECTS = 'all projects except those in which the user has a role';

/** The usage that the exporter cannot read without a right. */
const COSTS: Record<BasicRight, string> = {
  projects: OTHER_PROJECTS,
  domains: OTHER_PROJECTS,
  'usage of all projects': OTHER_PROJECTS,
  'servers of all projects': '--split-project, for a project in which the user has no role',
  'actions on servers': 'the states of server hours: servers that change are in the state unknown',
  'extra specs of flavors': 'the resource gpu',
};

function costOf(right: RightName): string {
  const resource = sampledResourceOf(right);
  return resource === undefined ? COSTS[right as BasicRight] : `the resource ${resource}`;
}

/** True if the settings need the right. */
function isNeeded(right: RightName, { resources, split, serverHours }: ExporterConfig): boolean {
  if (right === 'servers of all projects') return split !== undefined || resources.includes('gpu');
  if (right === 'actions on servers') return serverHours;
  const resource = right === 'extra specs of flavors' ? 'gpu' : sampledResourceOf(right);
  return resource === undefined || resources.includes(resource);
}

/**
 * Signs in and reads everything once, without counting: the projects, the usage of the last hour, and the rights of the user.
 * Returns lines for a person; the last one begins with `ready` or with `next`, the one thing to do. Throws `UserError` if there would be nothing to export.
 */
export async function checkExporter(config: ExporterConfig, { clock }: { clock: Clock }): Promise<string[]> {
  const connection = connect(config, { clock });
  const { session } = connection;
  try {
    return await duringStart(async () => {
      const { keystone, ...signIn } = await readSignIn(session);
      const cloud = await readMeteredCloud(session, config.domains, NOTHING_COUNTED);
      const endMs = settledUntil(clock.nowMs(), config.settlingDelayMs);
      const window = { startMs: endMs - HOUR_MS, endMs, pageSize: config.pageSize };
      const { servers } = await cloud.readUsage(window);
      const running = new Set(servers.map(({ projectId }) => projectId));
      const rights = await readRights(session, clock.nowMs(), (right) => isNeeded(right, config));
      const danger = unsafeConnection(config.credentials);
      return [
        ...(danger === undefined ? [] : [`Danger    ${danger}`]),
        `Keystone  ${keystone}: ${signInWords(signIn, quoted)}`,
        `          ${describeCloud(cloud, session)}`,
        `Nova      ${counted(servers.length, 'server')} of ${counted(running.size, 'project')} ran in the last hour`,
        ...(await Promise.all(rights.map(async (right) => await describeRight(right, cloud)))),
        ...(await describeAliases(session, config, rights)),
        lastLine(rights),
      ];
    });
  } finally {
    await connection.close();
  }
}

function describeCloud({ allProjects, projects }: MeteredCloud, { credentials }: Session): string {
  if (!allProjects) return describeOwn(projects.map(({ name }) => quoted(name)).sort(), credentials);
  const domains = [...new Set(projects.map(({ domain }) => domain.name))];
  const among = `the ${domains.length === 1 ? 'domain' : 'domains'} ${domains.map(quoted).sort().join(', ')}`;
  return `${counted(projects.length, 'project')} in ${among}`;
}

/** Escapes control characters: Keystone accepts names with escape sequences, which a terminal would execute. */
function quoted(name: string): string {
  const shown = name.replaceAll(/\p{C}/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
  return `'${shown}'`;
}

function describeOwn(names: readonly string[], { identity }: Session['credentials']): string {
  const what = `only the ${names.length === 1 ? 'project' : 'projects'} ${names.join(', ')} can be read`;
  return identity.method === 'application_credential'
    ? `${what}, because the application credential is bound to it: only that usage is exported`
    : `${what}, by the roles of the user: only that usage is exported`;
}

async function describeRight({ right, allowed, reason }: Right, cloud: MeteredCloud): Promise<string> {
  if (allowed) return `can       read ${right}`;
  const cost = (await canReadOwn(right, cloud)) ? `${costOf(right)} of ${OTHER_PROJECTS}` : costOf(right);
  return `cannot    read ${right}, which costs ${cost} (${reason})`;
}

/** The one thing to do next. The exporter starts without a right too, and meters what it may read. */
function lastLine(rights: readonly Right[]): string {
  const missing = rights.find(({ allowed }) => !allowed);
  return missing === undefined
    ? 'ready     start the exporter without --check'
    : `next      make it possible to read ${missing.right} (see above), or go on: the exporter starts without it`;
}

/** A user who reads project by project may be allowed a resource of the own projects, but not of other projects. */
async function canReadOwn(right: RightName, { allProjects, views }: MeteredCloud): Promise<boolean> {
  const resource = sampledResourceOf(right);
  if (allProjects || resource === undefined) return false;
  try {
    await readHoldings(resource, views);
    return true;
  } catch {
    return false;
  }
}

/** Names of devices that count as no GPU, because gpu_aliases does not have them. */
async function describeAliases(
  session: Session,
  { resources, gpuAliases }: ExporterConfig,
  rights: readonly Right[],
): Promise<string[]> {
  const readable = rights.some(({ right, allowed }) => right === 'extra specs of flavors' && allowed);
  if (!resources.includes('gpu') || !readable) return [];
  const flavors = await readFlavors(session);
  const unknown = flavors.flatMap(({ extraSpecs = {} }) => gpusOfFlavor(extraSpecs, gpuAliases).unknown);
  return [...new Set(unknown)]
    .sort()
    .map((alias) => `GPUs      '${alias}' is not one of gpu_aliases: it counts as no GPU`);
}
