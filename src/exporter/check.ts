import type { Clock } from '../runtime/clock.ts';
import { connect, duringStart } from './connection.ts';
import { NOTHING_COUNTED, readMeteredCloud, type MeteredCloud } from './metered-cloud.ts';
import { gpusOfFlavor } from './metering/gpus.ts';
import { settledUntil } from './metering/window.ts';
import { readFlavors } from './openstack/nova-flavors.ts';
import { readRights, type Right, type RightName } from './openstack/rights.ts';
import type { Session } from './openstack/session.ts';
import type { ExporterConfig } from './settings.ts';

const HOUR_MS = 3_600_000;

const OTHER_PROJECTS = 'all projects but those that the user has a role in';

/** What goes without a right. */
const COSTS: Record<RightName, string> = {
  projects: OTHER_PROJECTS,
  domains: OTHER_PROJECTS,
  'usage of all projects': OTHER_PROJECTS,
  'servers of all projects': '--split-project, for a project that the user has no role in',
  'extra specs of flavors': 'the resource gpu',
  'volumes of all projects': 'the resource volume_gb',
  'floating IPs of all projects': 'the resource floating_ip',
  'object storage of all projects': 'the resource object_gb',
};

/**
 * Signs in and reads everything once, without counting: projects, the last hour's usage, and what the user's role may
 * read. Returns lines for a person; throws a `UserError` where there would be nothing to export.
 */
export async function checkExporter(config: ExporterConfig, { clock }: { clock: Clock }): Promise<string[]> {
  const connection = connect(config, { clock });
  const { session } = connection;
  try {
    return await duringStart(async () => {
      const { user, project } = await session.signIn();
      const cloud = await readMeteredCloud(session, config.domains, NOTHING_COUNTED);
      const endMs = settledUntil(clock.nowMs(), config.settlingDelayMs);
      const window = { startMs: endMs - HOUR_MS, endMs, pageSize: config.pageSize };
      const { servers } = await cloud.readUsage(window);
      const running = new Set(servers.map(({ projectId }) => projectId));
      const rights = await readRights(session, clock.nowMs());
      return [
        `Keystone  ${config.credentials.authUrl.href}: signed in as '${user}', ${project === undefined ? 'no project' : `project '${project}'`}`,
        `          ${describeCloud(cloud, session)}`,
        `Nova      ${servers.length} servers of ${running.size} projects ran in the last hour`,
        ...rights.map((right) => describeRight(right, cloud)),
        ...(await describeAliases(session, config, rights)),
      ];
    });
  } finally {
    await connection.close();
  }
}

function describeCloud({ allProjects, projects }: MeteredCloud, { credentials }: Session): string {
  if (!allProjects)
    return describeOwn(
      projects.map(({ name }) => `'${name}'`),
      credentials,
    );
  const domains = [...new Set(projects.map(({ domain }) => domain.name))];
  return `${projects.length} projects in the domains ${domains.map((name) => `'${name}'`).join(', ')}`;
}

function describeOwn(names: readonly string[], { identity }: Session['credentials']): string {
  const what = `only the ${names.length === 1 ? 'project' : 'projects'} ${names.join(', ')} can be read`;
  return identity.method === 'application_credential'
    ? `${what}, which the application credential is bound to: that usage is all that is exported`
    : `${what}, by the roles that the user has: that usage is all that is exported`;
}

/** Who reads project by project has, of what other projects would have cost, its own all the same. */
function describeRight({ right, allowed, reason }: Right, { allProjects }: MeteredCloud): string {
  if (allowed) return `can       read ${right}`;
  const ofOwn =
    !allProjects && right.endsWith(' of all projects') && COSTS[right].startsWith('the resource ');
  const cost = ofOwn ? `${COSTS[right]} of ${OTHER_PROJECTS}` : COSTS[right];
  return `can not   read ${right}, which costs ${cost} (${reason})`;
}

/** Names of devices that would count as no GPU because the configuration does not say how many they are. */
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
