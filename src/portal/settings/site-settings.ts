import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseSelector } from '../../prometheus/selectors/selectors.ts';
import { isSeriesLabel, SERVER_SELECTORS, USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import { isOverheard } from '../../runtime/http/listen.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import { strictTable } from '../../runtime/settings/strict-table.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { capsOfSite } from '../ledger/accounting/sites/site-caps.ts';
import type { MemoryUnit, SweepOptions } from '../ledger/accounting/sweeps/readings.ts';

/** The settings of a site that the portal reads. */
export interface SiteConfig {
  name: string;
  /** Address of the gate; `/federate` is appended to its path. */
  url: string;
  /** Secret: used in the Authorization header only. */
  token: string;
  /** Certificates (PEM) for the verification of the gate; undefined means the system's. */
  ca: string | undefined;
  intervalMs: number;
  /** The time limit of a whole sweep, from the connection to the last byte. */
  timeoutMs: number;
  labels: Readonly<Record<string, string>>;
  /** The selectors that the portal asks for, each as a `match[]`. */
  selectors: readonly string[];
  /** Ids of pool projects whose parts all carry the id of the pool and differ by name (rule A9). */
  poolProjects?: readonly string[] | undefined;
  /** The unit of memory of an exporter of the earlier system; MiB by default. */
  memoryUnit?: MemoryUnit | undefined;
  /** The largest number of projects that the ledger keeps of the site; the default if left out. */
  maxProjects?: number | undefined;
  /** The clouds of the site. Set it if a hop on the way may set the label `cloud`. */
  clouds?: readonly string[] | undefined;
  /** The retired clouds: their usage stays, and no more readings are expected. */
  retiredClouds?: readonly string[] | undefined;
}

export const cloudNames = z
  .array(z.string().min(1, 'is empty').max(512, 'is longer than 512 characters'), {
    error: 'must be a list of names of clouds',
  })
  .max(100, 'has more than 100 clouds');

export const retiredClouds = z.array(z.string(), { error: 'must be a list of names of clouds' });

export const memoryUnit = z.enum(['MiB', 'GiB'], { error: 'must be "MiB" or "GiB"' });

export const siteName = z
  .string({ error: 'missing; give it a name, such as "site-a"' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'may hold letters, digits, ".", "_" and "-", at most 63');

export function seconds(most: number, inWords: string) {
  return z
    .number({ error: 'must be a number of seconds' })
    .min(1, 'must be at least 1')
    .max(most, `must be at most ${most}, ${inWords}`);
}

const trueOrFalse = z.boolean({ error: 'must be true or false' }).default(false);
const fileName = z.string().min(1, 'is empty').optional();

/** The portal parses selectors, too: it reads the history of a gap by remote read. */
const selector = z.string().superRefine((text, context) => {
  try {
    parseSelector(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `'${text}': ${describeError(error)}` });
  }
});

const siteTable = strictTable({
  name: siteName.describe('name of the site'),
  url: z
    .string({
      error: 'missing; write the address of the site\'s gate, such as "https://usage.site-a.example:8443"',
    })
    .describe("address of the site's gate"),
  token_file: fileName.describe(
    'file with the token; the environment variable STACKMETER_SITE_NAME_TOKEN wins over it',
  ),
  ca_file: fileName.describe(
    "certificates (PEM) that the gate's certificate is checked against, or that certificate itself if it signed itself, whose names then do not matter; without it, the system's",
  ),
  interval_seconds: seconds(86_400, 'a day').default(30).describe('time from one sweep to the next'),
  timeout_seconds: seconds(3600, 'an hour')
    .default(30)
    .describe('how long a sweep may take, from the connection to the last byte'),
  labels: z
    .record(z.string(), z.string(), {
      error: 'must be a table of texts, such as { location_id = "8676" }',
    })
    .default({})
    .describe('labels of the site in the API and in a Prometheus that federates the site'),
  selectors: z
    .array(selector, { error: 'must be a list of PromQL selectors' })
    .min(1, 'is empty; leave it out to ask for the usage')
    .default([...USAGE_SELECTORS])
    .describe('what the portal asks for, each as a match[]'),
  server_hours: trueOrFalse.describe(
    'also ask for server hours: how long servers of each flavor were in each state; the gate must give them out',
  ),
  pool_projects: z
    .array(z.string().min(1), { error: 'must be a list of project ids' })
    .default([])
    .describe('ids of pool projects whose parts all carry the id of the pool and differ by name'),
  memory_unit: memoryUnit
    .optional()
    .describe('unit in which an exporter of the earlier system counts memory; without it, MiB'),
  clouds: cloudNames
    .optional()
    .describe('clouds of the site; set it if a Prometheus on the way may set a label cloud'),
  retired_clouds: retiredClouds
    .default([])
    .describe('clouds that the site has retired; their usage stays, and no more is expected'),
  max_projects: z
    .int({ error: 'must be a whole number of projects' })
    .min(1, 'must be at least 1')
    .max(10_000_000, 'must be at most 10000000')
    .optional()
    .describe(`projects that the ledger keeps of the site; without it, ${capsOfSite().projects}`),
  unsafe_plain_http: trueOrFalse.describe(
    'send the token without TLS to an address that is not on this machine',
  ),
});

export type SiteTable = z.output<typeof siteTable>;

/** The `[[site]]` tables of portal.toml. */
export const siteTables = z
  .array(siteTable, { error: 'write [[site]], with double brackets, once for each site' })
  .default([])
  .describe('one table for each site that the portal reads')
  .superRefine((sites, context) => {
    sites.forEach((site, index) => {
      const problem = duplicateProblem(site, sites.slice(0, index)) ?? urlProblem(site) ?? labelProblem(site);
      if (problem !== undefined)
        context.addIssue({ code: 'custom', path: [index, problem.key], message: problem.message });
    });
  });

interface Problem {
  key: keyof SiteTable;
  message: string;
}

function duplicateProblem(site: SiteTable, before: readonly SiteTable[]): Problem | undefined {
  const same = before.find(({ name }) => tokenVariable(name) === tokenVariable(site.name));
  if (same === undefined) return undefined;
  const message =
    same.name === site.name
      ? `there are two sites '${site.name}'; give each a name of its own`
      : `'${site.name}' and '${same.name}' are too similar: both would take their token from ${tokenVariable(site.name)}`;
  return { key: 'name', message };
}

function urlProblem({ url: text, unsafe_plain_http: plainHttpAllowed }: SiteTable): Problem | undefined {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return {
      key: 'url',
      message: `'${shownUrl(text)}' is not an http(s) address; write it as https://HOST:PORT`,
    };
  if (url.username !== '' || url.password !== '')
    return { key: 'url', message: 'holds a user name or password; a gate takes a token, see token_file' };
  if (url.search !== '' || url.hash !== '')
    return {
      key: 'url',
      message: `'${shownUrl(text)}' has a part after '?' or '#'; write only the gate's address`,
    };
  if (!plainHttpAllowed && isOverheard(url))
    return {
      key: 'url',
      message: `'${text}' would send the token unencrypted; use https, or name the danger with unsafe_plain_http = true`,
    };
  return undefined;
}

/**
 * Refuses labels that identify usage: a Prometheus that federates the sites would drop them from the series of others. The
 * labels may be undefined, because a table with another fault has no defaults yet.
 */
function labelProblem({ labels }: Partial<SiteTable>): Problem | undefined {
  const names = Object.keys(labels ?? {});
  const taken = names.find((name) => name === 'location' || isSeriesLabel(name));
  const wrong = names.find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
  if (wrong !== undefined)
    return { key: 'labels', message: `'${wrong}' is not a label name: use letters, digits and '_'` };
  if (taken === 'location')
    return { key: 'labels', message: "'location' is the name of the site already; leave it out" };
  if (taken !== undefined)
    return { key: 'labels', message: `'${taken}' is a label that series have already; choose another name` };
  return undefined;
}

/** Resolves the tables, and reads their files, whose paths are relative to the configuration file. Throws `UserError`. */
export function resolveSites(
  tables: readonly SiteTable[],
  env: Record<string, string | undefined>,
  configFile: string | undefined,
): SiteConfig[] {
  const folder = configFile === undefined ? '.' : dirname(configFile);
  return tables.map((table) =>
    siteConfig(table, readToken(table, env, folder), readCertificates(table, folder)),
  );
}

/** The configuration of a site with this token and these certificates. */
export function siteConfig(table: SiteTable, token: string, ca: string | undefined): SiteConfig {
  return {
    name: table.name,
    url: table.url,
    token,
    ca,
    intervalMs: Math.round(table.interval_seconds * 1000),
    timeoutMs: Math.round(table.timeout_seconds * 1000),
    labels: table.labels,
    selectors: selectorsOf(table),
    retiredClouds: table.retired_clouds,
    ...(table.memory_unit === undefined ? {} : { memoryUnit: table.memory_unit }),
    ...(table.clouds === undefined ? {} : { clouds: table.clouds }),
    ...(table.max_projects === undefined ? {} : { maxProjects: table.max_projects }),
    ...(table.pool_projects.length === 0 ? {} : { poolProjects: table.pool_projects }),
  };
}

/** The selectors that the portal asks for. */
export function selectorsOf({
  selectors,
  server_hours: serverHours,
}: Pick<SiteTable, 'selectors' | 'server_hours'>): readonly string[] {
  return serverHours ? [...new Set([...selectors, ...SERVER_SELECTORS])] : selectors;
}

/** The options for reading the samples of a site. */
export function sweepOptionsOf({
  poolProjects,
  memoryUnit: unit,
}: Pick<SiteConfig, 'poolProjects' | 'memoryUnit'>): SweepOptions {
  return { pools: new Set(poolProjects), memoryUnit: unit };
}

/** `site-a` → `STACKMETER_SITE_SITE_A_TOKEN` */
export function tokenVariable(site: string): string {
  return `STACKMETER_SITE_${site.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_TOKEN`;
}

function readToken(table: SiteTable, env: Record<string, string | undefined>, folder: string): string {
  const variable = tokenVariable(table.name);
  const fromEnv = env[variable];
  if (fromEnv !== undefined && fromEnv !== '') return checkedToken(fromEnv, variable);
  if (table.token_file === undefined)
    throw new UserError(
      `site '${table.name}' has no token: set token_file, or the environment variable ${variable}`,
    );
  const path = resolve(folder, table.token_file);
  return checkedToken(readSiteFile(table.name, 'token_file', path), `token_file ${path}`);
}

function checkedToken(text: string, where: string): string {
  const token = text.trim();
  if (token === '') throw new UserError(`${where} is empty; it must hold the token from the site`);
  if (!/^[\x21-\x7e]{1,4096}$/.test(token))
    throw new UserError(`${where} holds no token: a token is one line without spaces, of ASCII characters`);
  return token;
}

/** The certificates of `ca_file`; undefined without one. Throws `UserError`. */
export function readCertificates(
  { name: site, ca_file: file }: SiteTable,
  folder: string,
): string | undefined {
  if (file === undefined) return undefined;
  const path = resolve(folder, file);
  const pem = readSiteFile(site, 'ca_file', path);
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new UserError(
    `site '${site}': ca_file ${path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`,
  );
}

function readSiteFile(site: string, key: string, path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`site '${site}': cannot read ${key}: ${describeError(error)}`, { cause: error });
  }
}
