import type { Clock } from '../runtime/clock.ts';
import { connect, duringStart } from './connection.ts';
import { readDomains, readProjects } from './openstack/keystone.ts';
import { readServerUsage } from './openstack/nova-usage.ts';
import { endpointOf } from './openstack/catalog.ts';
import type { ExporterConfig } from './settings.ts';
import { settledUntil } from './metering/window.ts';

const HOUR_MS = 3_600_000;

/**
 * Signs in and reads everything once, without counting: the last hour's usage, projects and domains.
 * Returns lines for a person; throws a `UserError` for the first thing that can't be read.
 */
export async function checkExporter(config: ExporterConfig, { clock }: { clock: Clock }): Promise<string[]> {
  const connection = connect(config, { clock });
  const { session } = connection;
  try {
    return await duringStart(async () => {
      const { user, project, catalog } = await session.signIn();
      const nova = endpointOf(catalog, 'compute', config.credentials);
      const domains = await readDomains(session, config.domains);
      const projects = await readProjects(session, domains, config.domains);
      const endMs = settledUntil(clock.nowMs(), config.settlingDelayMs);
      const window = { startMs: endMs - HOUR_MS, endMs, pageSize: config.pageSize };
      const { servers } = await readServerUsage(session, window);
      const running = new Set(servers.map(({ projectId }) => projectId));
      return [
        `Keystone  ${config.credentials.authUrl.href}: signed in as '${user}', ${project === undefined ? 'no project' : `project '${project}'`}`,
        `          ${projects.length} projects in the domains ${domains.map(({ name }) => `'${name}'`).join(', ')}`,
        `Nova      ${nova.href}: ${servers.length} servers of ${running.size} projects ran in the last hour`,
      ];
    });
  } finally {
    await connection.close();
  }
}
