import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { isSeriesLabel } from '../../prometheus/usage-metrics.ts';
import type { MemoryUnit } from '../ledger/accounting/sweeps/readings.ts';
import { cloudNames, memoryUnit, retiredClouds, seconds, siteName } from './site-settings.ts';
import { nearestName, strictTable } from '../../runtime/settings/strict-table.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';

/** The site of a sender's samples (rule A9): always the same one, or the value of a label that the sender sets. */
export type SiteRule = { site: string } | { siteLabel: string; sites: readonly string[] };

/** A Prometheus that writes to the portal. */
export interface SenderConfig {
  name: string;
  /** Secret: the bearer token, or the password beside the sender's name. */
  token: string;
  rule: SiteRule;
  /** The time between two readings of a site that the sender sends; the default if left out. */
  intervalMs?: number | undefined;
  /** By site: its retired clouds. Sites that are missing here keep their setting. */
  retiredClouds?: ReadonlyMap<string, readonly string[]> | undefined;
  /** By site: its clouds. */
  clouds?: ReadonlyMap<string, readonly string[]> | undefined;
  /** By site: the unit of memory of an exporter of the earlier system. */
  memoryUnits?: ReadonlyMap<string, MemoryUnit> | undefined;
}

function bySite<S extends z.ZodType>(setting: S, example: string) {
  return z.record(z.string(), setting, { error: `must be a table ${example}` }).optional();
}

const senderTable = strictTable({
  name: siteName.describe('name of the sender'),
  token_file: z
    .string({ error: 'missing; name the file that holds the token' })
    .min(1, 'is empty')
    .describe('file with the token'),
  site: siteName.optional().describe('the one site whose usage this sender writes'),
  site_label: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is not a label name')
    .refine((name) => !isSeriesLabel(name), {
      error:
        'is a label that the series of a site have already; name one that this sender sets, such as "location"',
    })
    .optional()
    .describe('label by which this sender says whose usage it writes, with sites'),
  interval_seconds: seconds(86_400, 'a day')
    .optional()
    .describe('time from one reading of a site to the next'),
  sites: z
    .array(siteName, { error: 'must be a list of names of sites' })
    .optional()
    .describe('values of site_label that this sender may write'),
  memory_unit: bySite(memoryUnit, 'of units by site, such as { "site-b" = "GiB" }').describe(
    'unit of memory of each site, as in [[site]]',
  ),
  clouds: bySite(cloudNames, 'of clouds by site, such as { "site-b" = ["west"] }').describe(
    'clouds of each site, as in [[site]]',
  ),
  retired_clouds: bySite(retiredClouds, 'of clouds by site, such as { "site-b" = ["west"] }').describe(
    'clouds that each site has retired, as in [[site]]',
  ),
});

type SenderTable = z.output<typeof senderTable>;

/** The `[[sender]]` tables of portal.toml. */
export const senderTables = z
  .array(senderTable, { error: 'write [[sender]], with double brackets, once for each sender' })
  .default([])
  .describe('one table for each Prometheus that writes to the portal by remote write')
  .superRefine((senders, context) => {
    senders.forEach((sender, index) => {
      const problem = problemOf(sender, senders.slice(0, index));
      if (problem !== undefined)
        context.addIssue({ code: 'custom', path: [index, problem[0]], message: problem[1] });
    });
  });

function problemOf(
  {
    name,
    site,
    site_label: label,
    sites,
    memory_unit: units = {},
    clouds = {},
    retired_clouds: retired = {},
  }: SenderTable,
  before: readonly SenderTable[],
): [keyof SenderTable, string] | undefined {
  if (before.some((other) => other.name === name))
    return ['name', `there are two senders '${name}'; give each a name of its own`];
  if (site !== undefined && (label !== undefined || sites !== undefined))
    return [
      'site',
      'excludes site_label and sites; a sender writes to one site, or names its sites by a label',
    ];
  if (site === undefined && label === undefined)
    return ['site', 'missing; name the site whose usage this sender sends, or set site_label and sites'];
  if (label !== undefined && (sites ?? []).length === 0)
    return ['sites', `missing; list the values of '${label}' that this sender may write`];
  const written = site === undefined ? (sites ?? []) : [site];
  for (const [key, table] of [
    ['memory_unit', units],
    ['clouds', clouds],
    ['retired_clouds', retired],
  ] as const) {
    const foreign = Object.keys(table).find((one) => !written.includes(one));
    if (foreign !== undefined) return [key, notWritten(foreign, written)];
  }
  return undefined;
}

function notWritten(site: string, written: readonly string[]): string {
  const nearest = nearestName(site, written);
  const help = nearest === undefined ? `its sites are ${written.join(', ')}` : `did you mean '${nearest}'?`;
  return `this sender may not write to '${site}'; ${help}`;
}

/**
 * Resolves the tables, and reads their token files, whose paths are relative to the configuration file. Throws
 * `UserError`.
 */
export function resolveSenders(
  tables: readonly SenderTable[],
  configFile: string | undefined,
): SenderConfig[] {
  const folder = configFile === undefined ? '.' : dirname(configFile);
  return tables.map((table) => ({
    name: table.name,
    token: readToken(table.name, resolve(folder, table.token_file)),
    rule: ruleOf(table),
    ...(table.interval_seconds === undefined
      ? {}
      : { intervalMs: Math.round(table.interval_seconds * 1000) }),
    ...(table.memory_unit === undefined ? {} : { memoryUnits: new Map(Object.entries(table.memory_unit)) }),
    ...(table.clouds === undefined ? {} : { clouds: new Map(Object.entries(table.clouds)) }),
    ...(table.retired_clouds === undefined
      ? {}
      : { retiredClouds: new Map(Object.entries(table.retired_clouds)) }),
  }));
}

function ruleOf({ site, site_label: siteLabel = '', sites = [] }: SenderTable): SiteRule {
  return site === undefined ? { siteLabel, sites } : { site };
}

function readToken(sender: string, path: string): string {
  let token: string;
  try {
    token = readTextFile(path).trim();
  } catch (error) {
    throw new UserError(`sender '${sender}': cannot read token_file: ${describeError(error)}`, {
      cause: error,
    });
  }
  if (!/^[\x21-\x7e]{16,4096}$/.test(token))
    throw new UserError(
      `sender '${sender}': token_file ${path} holds no token: a token is one line of at least 16 ASCII characters without spaces; stackmeter token makes one`,
    );
  return token;
}

/** All sites that the senders may write to. */
export function sitesOfSenders(senders: readonly SenderConfig[]): string[] {
  return [...new Set(senders.flatMap(sitesOf))];
}

/** The longest interval of a site among the senders that write to it; undefined if none has one. */
export function intervalOfSite(site: string, senders: readonly SenderConfig[]): number | undefined {
  const stated = senders.flatMap((sender) =>
    sitesOf(sender).includes(site) ? (sender.intervalMs ?? []) : [],
  );
  return stated.length === 0 ? undefined : Math.max(...stated);
}

/** The clouds (or retired clouds) of a site from all senders; undefined if no sender has this setting for the site. */
export function cloudsOf(
  site: string,
  senders: readonly SenderConfig[],
  which: 'clouds' | 'retiredClouds',
): string[] | undefined {
  const stated = senders.map((sender) => sender[which]?.get(site)).filter((clouds) => clouds !== undefined);
  return stated.length === 0 ? undefined : [...new Set(stated.flat())];
}

/** All sites that a sender may write to. */
export function sitesOf({ rule }: Pick<SenderConfig, 'rule'>): readonly string[] {
  return 'site' in rule ? [rule.site] : rule.sites;
}

/**
 * Advice for each sender whose label a site could set to another site's name: only the sender's own configuration can
 * prevent that. The configuration of the sender `rendered` does, because `prometheus-config` writes it.
 */
export function senderAdvice(
  senders: readonly Pick<SenderConfig, 'name' | 'rule'>[],
  rendered: string | undefined,
): string[] {
  return senders.flatMap(({ name, rule }) =>
    'site' in rule || rule.sites.length < 2 || name === rendered
      ? []
      : `sender '${name}' writes as ${rule.sites.length} sites by the label '${rule.siteLabel}': give each site its own job that sets this label last, or one site can write as another (docs/upgrade.md#the-portal)`,
  );
}
