import { z } from 'zod';
import {
  formatAddress,
  isLoopback,
  parseListenAddress,
  type ListenAddress,
} from '../../runtime/http/listen.ts';
import { publicUrlSetting } from '../../runtime/http/own-host.ts';
import { readSettings, setting, type SettingsSources } from '../../runtime/settings/settings.ts';
import { accessTable, resolveAccess, resolvePolicy, type AccessConfig } from './access-settings.ts';
import type { AccessPolicy } from '../access/access-policy.ts';
import { UserError } from '../../runtime/user-error.ts';
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

/** The place of the ledger. */
export interface LedgerPlace {
  /** Folder of the embedded database; not used with `databaseUrl`. */
  dataFolder: string;
  /** Secret: it may contain a password. Undefined means the embedded database. */
  databaseUrl: string | undefined;
  /** Whether destructive migrations may run; false by default. */
  allowDestructiveMigrations?: boolean | undefined;
  /** False to refuse a ledger of another schema instead of migrating it. */
  migrates?: boolean | undefined;
}

export interface PortalConfig extends LedgerPlace {
  listen: ListenAddress;
  /** The URL under which others reach the portal, beside its addresses. */
  publicUrl?: URL | undefined;
  /** Who may read what. Without it anyone who reaches the portal reads everything. */
  access?: AccessConfig | undefined;
  sites: readonly SiteConfig[];
  /** The senders that may write; none by default. */
  senders?: readonly SenderConfig[] | undefined;
  /** The grants; none by default. */
  grants?: readonly Grant[] | undefined;
  /** How long the ledger keeps hours and gaps; the defaults if left out. */
  retention?: StoragePolicy | undefined;
  /** How long a portal keeps its sites after its last renewal. */
  leaseMs?: number | undefined;
  /** Secret. A replica of the server in `databaseUrl`, which answers questions; none by default. */
  databaseReadUrl?: string | undefined;
  /** The limits of one question; the defaults if left out. */
  limits?: QuestionLimits | undefined;
  /** False if the caller starts the sweeps itself. */
  autoSweep: boolean;
  /** False if a Prometheus reads the sites and writes to the portal; true by default. */
  collect?: boolean | undefined;
  /** Only check whether the portal could run. */
  check?: boolean;
}

function wholeNumber(least: number, most: number) {
  return z
    .int({ error: 'must be a whole number' })
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
}

/** The value is not shown: it may contain a password. */
const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/./, 'must look like postgresql://USER:PASSWORD@HOST:PORT/DATABASE')
  .optional();

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
    schema: databaseUrl,
    help: 'a PostgreSQL that already runs',
    earlierNames: ['DATABASE_URL'],
    secret: true,
  }),
  databaseReadUrl: setting({
    type: 'text',
    schema: databaseUrl,
    help: 'a read replica of the PostgreSQL of database_url, which answers questions',
    earlierNames: ['DATABASE_READ_URL'],
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
    help: 'how long a CSV may take, including the time of a slow client',
  }),
  collect: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(true),
    help: 'whether the portal reads the gates itself; false if a Prometheus reads them and writes to the portal',
  }),
  check: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(false),
    help: 'try the database, read each gate once without counting, print what is there, and end',
  }),
  unsafeDestructiveMigrations: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(false),
    help: 'lets a newer version remove data from the ledger for ever',
  }),
  unsafeOpen: setting({
    type: 'switch',
    schema: z.boolean({ error: 'must be true or false' }).default(false),
    help: 'lets anyone who reaches the portal read everything: serves other addresses than loopback without [access]',
  }),
};

/** The keys of portal.toml that have no flag and no environment variable. */
export const portalSections = {
  site: siteTables,
  sender: senderTables,
  grant: grantTables,
  retention: retentionTable,
  portal_prometheus: prometheusTable,
  access: accessTable,
};

/** Reads the settings, the tables of portal.toml, and the files that they name. Throws `UserError`. */
export function readPortalConfig(sources: SettingsSources): PortalConfig {
  const { settings, sections } = readSettings(portalSettings, sources, portalSections);
  const senders = resolveSenders(sections.sender, sources.configFile);
  const sites = withUnits(resolveSites(sections.site, sources.env, sources.configFile), senders);
  const access = resolveAccess(sections.access, sources.configFile);
  requireAccess(settings, access);
  requirePublicUrl(settings, access);
  if (settings.databaseReadUrl !== undefined && settings.databaseUrl === undefined)
    throw new UserError('database_read_url: needs database_url; the embedded database has no replica');
  const siteNames = [...new Set([...sites.map(({ name }) => name), ...sitesOfSenders(senders)])];
  return {
    listen: settings.listen,
    publicUrl: settings.publicUrl,
    access,
    dataFolder: settings.data,
    databaseUrl: settings.databaseUrl,
    databaseReadUrl: settings.databaseReadUrl,
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
    check: settings.check,
  };
}

/** Sets the same unit of memory for a site that is both read and written. */
function withUnits(sites: readonly SiteConfig[], senders: readonly SenderConfig[]): SiteConfig[] {
  const units = memoryUnits(sites, senders);
  return sites.map((site) => {
    const memoryUnit = units.get(site.name);
    return memoryUnit === undefined ? site : { ...site, memoryUnit };
  });
}

/** Reads only the place of the ledger, without the tokens of the sites. Throws `UserError`. */
export function readLedgerPlace(sources: SettingsSources): LedgerPlace {
  const { settings } = readSettings(portalSettings, sources, portalSections);
  return {
    dataFolder: settings.data,
    databaseUrl: settings.databaseUrl,
    allowDestructiveMigrations: settings.unsafeDestructiveMigrations,
  };
}

/** Reads only the public URL and the `[[site]]` tables, and no secrets. Throws `UserError`. */
export function readSiteTables(sources: SettingsSources) {
  const { settings, sections } = readSettings(portalSettings, sources, portalSections);
  return { publicUrl: settings.publicUrl, sites: sections.site };
}

/** Reads only the rules and times of `[access]`, and no secrets. Throws `UserError`. */
export function readAccessPolicy(sources: SettingsSources): AccessPolicy | undefined {
  const { access } = readSettings(portalSettings, sources, portalSections).sections;
  return resolvePolicy(access, sources.configFile);
}

/** Without `[access]` anyone who reaches the portal reads everything, so only this machine may reach it (P1). */
function requireAccess(
  { listen, unsafeOpen }: { listen: ListenAddress; unsafeOpen: boolean },
  access: AccessConfig | undefined,
): void {
  if (access !== undefined || unsafeOpen || isLoopback(listen.host)) return;
  throw new UserError(
    `--listen: ${formatAddress(listen)} would show all usage to anyone who reaches it: add [access] to portal.toml ` +
      'and set public_url, listen on 127.0.0.1:PORT, or name the danger with --unsafe-open',
  );
}

/** Cookies, and what people type at a provider, must not travel in the open. */
function requirePublicUrl(
  { listen, publicUrl }: Pick<PortalConfig, 'listen' | 'publicUrl'>,
  access: AccessConfig | undefined,
): void {
  if (access === undefined) return;
  if (publicUrl === undefined && !isLoopback(listen.host))
    throw new UserError('public_url: missing; [access] needs the URL that people open in their browsers');
  if (publicUrl?.protocol === 'http:' && !isLoopback(publicUrl.hostname))
    throw new UserError('public_url: must begin with https, because [access] sets cookies');
}
