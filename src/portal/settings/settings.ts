import { z } from 'zod';
import { parseListenAddress, type ListenAddress } from '../../runtime/http/listen.ts';
import { publicUrlSetting } from '../../runtime/http/own-host.ts';
import { readSettings, setting, type SettingsSources } from '../../runtime/settings/settings.ts';
import { grantTables, resolveGrants } from './grant-settings.ts';
import type { Grant } from '../ledger/ledger.ts';
import type { StoragePolicy } from '../ledger/storage-policy.ts';
import { DEFAULT_QUESTION_LIMITS, type QuestionLimits } from '../ledger/question-cost.ts';
import { memoryUnits } from './memory-units.ts';
import { prometheusTable } from './prometheus-settings.ts';
import { resolveSenders, senderTables, sitesOfSenders, type SenderConfig } from './sender-settings.ts';
import { retentionTable, storagePolicy } from './retention-settings.ts';
import { resolveSites, siteTables, type SiteConfig } from './site-settings.ts';

export type { SiteConfig } from './site-settings.ts';

/** Where the ledger is. */
export interface LedgerPlace {
  /** Folder of the embedded database; not used with `databaseUrl`. */
  dataFolder: string;
  /** Secret: it may hold a password. The embedded database is used where it is undefined. */
  databaseUrl: string | undefined;
  /** Whether migrations may run that destroy something; none may where it is left out. */
  allowDestructiveMigrations?: boolean | undefined;
}

export interface PortalConfig extends LedgerPlace {
  listen: ListenAddress;
  /** The name under which others reach it, beside its addresses. */
  publicHost?: string | undefined;
  sites: readonly SiteConfig[];
  /** Those that may write; none where it is left out. */
  senders?: readonly SenderConfig[] | undefined;
  /** What links projects of several sites; none where it is left out. */
  grants?: readonly Grant[] | undefined;
  /** How long what is kept; the usual where it is left out. */
  retention?: StoragePolicy | undefined;
  /** How long a portal that says nothing still has its sites. */
  leaseMs?: number | undefined;
  /** How much it answers at once; the usual where it is left out. */
  limits?: QuestionLimits | undefined;
  /** False where the owner of the portal starts the sweeps itself. */
  autoSweep: boolean;
  /** False where a Prometheus reads the sites, and sends what it has; true where it is left out. */
  collect?: boolean | undefined;
}

function wholeNumber(least: number, most: number) {
  return z
    .int({ error: 'must be a whole number' })
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
}

export const portalSettings = {
  listen: setting({
    type: 'text',
    schema: z.string().default('127.0.0.1:8000').transform(parseListenAddress),
    value: 'HOST:PORT',
    help: 'address of API and pages; 127.0.0.1:8000 is for this machine only, :8000 for all addresses',
  }),
  publicUrl: publicUrlSetting,
  data: setting({
    type: 'text',
    schema: z.string().min(1, 'is empty; name a folder').default('./data'),
    value: 'DIR',
    help: 'folder of the embedded database',
  }),
  leaseSeconds: setting({
    type: 'number',
    schema: z.number().min(1, 'must be at least 1').max(600, 'must be at most 600').default(30),
    value: 'SECONDS',
    help: 'how long a portal that died keeps its sites from others on its database',
  }),
  databaseUrl: setting({
    type: 'text',
    // The value is not shown: it may hold a password.
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\/./, 'must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE')
      .optional(),
    help: 'a PostgreSQL that already runs',
    earlierNames: ['DATABASE_URL'],
    secret: true,
  }),
  questionRows: setting({
    type: 'number',
    schema: wholeNumber(1_000, 1_000_000_000).default(DEFAULT_QUESTION_LIMITS.rows),
    value: 'ROWS',
    help: 'rows that all pages of a JSON answer may have together',
  }),
  questionSeconds: setting({
    type: 'number',
    schema: wholeNumber(1, 3600).default(DEFAULT_QUESTION_LIMITS.timeoutMs / 1000),
    value: 'SECONDS',
    help: 'how long the database may work on a JSON answer',
  }),
  csvRows: setting({
    type: 'number',
    schema: wholeNumber(1_000, 10_000_000_000).default(DEFAULT_QUESTION_LIMITS.csvRows),
    value: 'ROWS',
    help: 'rows that a CSV may have',
  }),
  csvSeconds: setting({
    type: 'number',
    schema: wholeNumber(1, 86_400).default(DEFAULT_QUESTION_LIMITS.csvTimeoutMs / 1000),
    value: 'SECONDS',
    help: 'how long a CSV may take, the time of a slow client included',
  }),
  collect: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(true),
    help: 'whether the portal reads the gates itself; false where a Prometheus reads them and writes to the portal',
  }),
  unsafeDestructiveMigrations: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(false),
    help: 'lets a newer version remove from the ledger what cannot be brought back',
  }),
};

/** Keys of portal.toml that only a file can hold. */
export const portalSections = {
  site: siteTables,
  sender: senderTables,
  grant: grantTables,
  retention: retentionTable,
  portal_prometheus: prometheusTable,
};

/** Reads settings, `[[site]]` tables and the files that they name, once. Throws `UserError`. */
export function readPortalConfig(sources: SettingsSources): PortalConfig {
  const { settings, sections } = readSettings(portalSettings, sources, portalSections);
  const senders = resolveSenders(sections.sender, sources.configFile);
  const sites = withUnits(resolveSites(sections.site, sources.env, sources.configFile), senders);
  const siteNames = [...new Set([...sites.map(({ name }) => name), ...sitesOfSenders(senders)])];
  return {
    listen: settings.listen,
    publicHost: settings.publicUrl,
    dataFolder: settings.data,
    databaseUrl: settings.databaseUrl,
    allowDestructiveMigrations: settings.unsafeDestructiveMigrations,
    sites,
    senders,
    grants: resolveGrants(sections.grant, siteNames, sources.configFile),
    retention: storagePolicy(sections.retention),
    leaseMs: settings.leaseSeconds * 1000,
    limits: {
      rows: settings.questionRows,
      timeoutMs: settings.questionSeconds * 1000,
      csvRows: settings.csvRows,
      csvTimeoutMs: settings.csvSeconds * 1000,
    },
    autoSweep: true,
    collect: settings.collect,
  };
}

/** A site that is read and written has one unit of memory, on both ways. */
function withUnits(sites: readonly SiteConfig[], senders: readonly SenderConfig[]): SiteConfig[] {
  const units = memoryUnits(sites, senders);
  return sites.map((site) => {
    const memoryUnit = units.get(site.name);
    return memoryUnit === undefined ? site : { ...site, memoryUnit };
  });
}

/** Reads where the ledger is, of the same sources; the sites' tokens are not needed for that. */
export function readLedgerPlace(sources: SettingsSources): LedgerPlace {
  const { settings } = readSettings(portalSettings, sources, portalSections);
  return {
    dataFolder: settings.data,
    databaseUrl: settings.databaseUrl,
    allowDestructiveMigrations: settings.unsafeDestructiveMigrations,
  };
}
