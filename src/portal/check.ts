import pLimit from 'p-limit';
import type { Clock } from '../runtime/clock.ts';
import { silentLogger } from '../runtime/logger.ts';
import { UserError } from '../runtime/user-error.ts';
import { SweepFailure } from './collector/sweep-failure.ts';
import { serverName } from './database/connect.ts';
import type { DatabaseConnection } from './database/connection.ts';
import { openDatabase } from './database/database.ts';
import { requireServer } from './database/require-server.ts';
import { look } from './enrolment/look.ts';
import type { PortalConfig, SiteConfig } from './settings/settings.ts';

const GATES_AT_ONCE = 16;

/**
 * Tries the database and reads each gate once, without counting. Returns lines for a person; the last one begins with `ready` or
 * with `next`, the one thing to do.
 */
export async function checkPortal(config: PortalConfig, { clock }: { clock: Clock }): Promise<string[]> {
  const findings = [await checkDatabase(config), ...(await checkSites(config, { clock }))];
  const fault = findings.find(({ works }) => !works);
  return [...findings.map(({ line }) => line), lastLine(config, fault)];
}

/** A line for a person: a name and what was found. */
interface Finding {
  line: string;
  works: boolean;
}

/** Reads each gate once, without counting. */
export async function checkSites({ sites }: PortalConfig, { clock }: { clock: Clock }): Promise<Finding[]> {
  const inTurn = pLimit(GATES_AT_ONCE);
  return await Promise.all(sites.map(async (site) => await inTurn(async () => await checkSite(site, clock))));
}

function lastLine(config: PortalConfig, fault: Finding | undefined): string {
  if (fault !== undefined) return `next      mend this: ${fault.line.replace(/ {2,}/, ': ')}`;
  return hasSources(config)
    ? 'ready     start the portal without --check'
    : 'next      invite a site: stackmeter portal invite SITE --config portal.toml';
}

function hasSources({ sites, senders = [] }: PortalConfig): boolean {
  return sites.length + senders.length > 0;
}

async function checkDatabase({ databaseUrl, dataFolder }: PortalConfig): Promise<Finding> {
  if (databaseUrl === undefined) return { line: `database  the portal's own, in ${dataFolder}`, works: true };
  const connection = { connectionString: databaseUrl };
  try {
    await tryDatabase(connection);
    return { line: `database  ${serverName(connection)}`, works: true };
  } catch (error) {
    if (error instanceof UserError) return { line: `database  ${error.message}`, works: false };
    throw error;
  }
}

async function tryDatabase(connection: DatabaseConnection): Promise<void> {
  const database = await openDatabase(connection, silentLogger());
  try {
    await requireServer(database);
  } finally {
    await database.close();
  }
}

async function checkSite(site: SiteConfig, clock: Clock): Promise<Finding> {
  const name = site.name.padEnd(9);
  try {
    return { line: `${name} ${await look(site, clock)}`, works: true };
  } catch (error) {
    if (error instanceof SweepFailure)
      return { line: `${name} cannot be read at ${site.url}: ${error.message}`, works: false };
    throw error;
  }
}
