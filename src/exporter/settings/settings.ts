import { resolve } from 'node:path';
import { z } from 'zod';
import { counted } from '../../runtime/counted.ts';
import { publicUrlSetting } from '../../runtime/http/own-host.ts';
import {
  readSettings,
  setting,
  type SettingsOf,
  type SettingsSources,
} from '../../runtime/settings/settings.ts';
import { strictTable } from '../../runtime/settings/strict-table.ts';
import { UserError } from '../../runtime/user-error.ts';
import { SERVER_RESOURCES } from '../metering/amounts.ts';
import { RESOURCE_NAMES } from './resources.ts';

const DAY_S = 86_400;

const seconds = (what: string, least: number, most: number) =>
  z
    .number({ error: `${what} is a number of seconds` })
    .min(least, `${what} is at least ${counted(least, 'second')}`)
    .max(most, `${what} is at most ${most} seconds`);
const optionalText = z.string().min(1).optional();
const names = z.array(z.string().min(1), { error: 'a list of names' }).default([]);

/** The exporter's settings. Credentials are `OS_*` variables, from the environment or an openrc. */
export const EXPORTER_SETTINGS = {
  listen: setting({
    type: 'text',
    value: 'HOST:PORT',
    schema: z.string().default('127.0.0.1:8080'),
    help: 'where to serve /metrics; 127.0.0.1:8080 is for this machine only, :8080 for all addresses',
  }),
  publicUrl: publicUrlSetting,
  state: setting({
    type: 'text',
    value: 'FILE',
    schema: z.string().min(1).default('./stackmeter-exporter.json'),
    help: 'file that keeps the running totals',
  }),
  start: setting({
    type: 'text',
    value: 'DATE',
    schema: z.string().optional(),
    help: 'count from this date on: YYYY-MM-DD, or a date and time, UTC',
    fallback: 'the first start',
    earlierNames: ['USAGE_EXPORTER_START_DATE'],
  }),
  interval: setting({
    type: 'number',
    value: 'SECONDS',
    schema: seconds('the interval', 1, DAY_S).default(300),
    help: 'time from one reading of OpenStack to the next',
    earlierNames: ['USAGE_EXPORTER_UPDATE_INTERVAL'],
  }),
  domain: setting({
    type: 'list',
    value: 'NAME',
    schema: names,
    help: 'meter the projects of these domains only, by name',
    earlierNames: ['USAGE_EXPORTER_PROJECT_DOMAINS'],
  }),
  domainId: setting({
    type: 'list',
    value: 'ID',
    schema: names,
    help: 'meter the projects of these domains only, by id',
    earlierNames: ['USAGE_EXPORTER_PROJECT_DOMAIN_ID'],
  }),
  openrc: setting({
    type: 'text',
    value: 'FILE',
    schema: optionalText,
    help: 'read the credentials (OS_...) from this file instead of the environment',
  }),
  osCloud: setting({
    type: 'text',
    value: 'NAME',
    schema: optionalText,
    help: 'read the credentials of this cloud from clouds.yaml',
  }),
  dummyData: setting({
    type: 'text',
    value: 'FILE',
    schema: optionalText,
    help: 'read a simulated cloud with this profile instead of an OpenStack',
    earlierNames: ['USAGE_EXPORTER_DUMMY_FILE'],
  }),
  resources: setting({
    type: 'list',
    value: 'NAME',
    schema: z
      .array(z.enum(RESOURCE_NAMES, { error: `resources are ${RESOURCE_NAMES.join(', ')}` }))
      .min(1)
      .default([...SERVER_RESOURCES]),
    help: `resources to export, of ${RESOURCE_NAMES.join(', ')}`,
  }),
  keepDeleted: setting({
    type: 'number',
    value: 'DAYS',
    schema: z
      .number({ error: 'how long deleted projects are shown is a number of days' })
      .min(1, 'deleted projects are shown for a day at least')
      .max(366, 'deleted projects are shown for 366 days at most')
      .default(7),
    help: 'for how long a deleted project is shown with its final total',
  }),
  splitProject: setting({
    type: 'text',
    value: 'ID',
    schema: optionalText,
    help: 'export the usage of this project by the value of a metadata key of its servers',
    earlierNames: ['USAGE_EXPORTER_SIMPLE_VM_PROJECT_ID'],
  }),
  splitMetadata: setting({
    type: 'text',
    value: 'KEY',
    schema: optionalText,
    help: 'the metadata key of --split-project',
    fallback: 'project_name',
    earlierNames: ['USAGE_EXPORTER_SIMPLE_VM_PROJECT_TAG'],
  }),
  serverHours: setting({
    type: 'switch',
    schema: z.boolean({ error: 'server_hours is true or false' }).default(false),
    help: 'also meter how long servers of each flavor are in each state, from the record of the actions on them',
  }),
  settlingDelay: setting({
    type: 'number',
    value: 'SECONDS',
    schema: seconds('the settling delay', 0, DAY_S).default(60),
    help: 'usage is counted up to this long ago, because Nova needs time to record it',
  }),
  longestWindow: setting({
    type: 'number',
    value: 'SECONDS',
    schema: seconds('the longest window', 60, 366 * DAY_S).default(7 * DAY_S),
    help: 'longest time that one request to Nova covers, during a long catch-up',
  }),
  pageSize: setting({
    type: 'number',
    value: 'SERVERS',
    schema: z
      .int({ error: 'the page size is a whole number of servers' })
      .min(1, 'the page size is at least 1')
      .max(1_000_000, 'the page size is at most 1000000')
      .optional(),
    help: 'how many servers Nova lists in one answer',
    fallback: "Nova's own limit",
  }),
  requestTimeout: setting({
    type: 'number',
    value: 'SECONDS',
    schema: seconds('the timeout', 1, 3600).default(120),
    help: 'how long a request to OpenStack may take',
  }),
  check: setting({
    type: 'switch',
    schema: z.boolean().default(false),
    help: 'sign in, read once without counting, print what the user can read, and end',
  }),
};

/** Keys that only the TOML file can have. */
export const EXPORTER_SECTIONS = {
  gpu_aliases: z
    .record(
      z.string(),
      z.number({ error: 'how many GPUs it counts as, such as 1 or 0.25' }).min(0).max(1024),
      { error: 'a table of names and how many GPUs each counts as' },
    )
    .default({})
    .describe('names of GPUs in the extra specs of flavors, and how many GPUs each name stands for'),
  cloud: z
    .array(
      strictTable({
        name: z
          .string({ error: 'the name of the cloud, which its series carry as the label cloud' })
          .min(1)
          .describe('name of the cloud; its series carry it as the label cloud'),
        state: z
          .string({ error: 'the file in which the running totals of this cloud are kept' })
          .min(1)
          .describe('file that keeps the running totals of this cloud'),
        os_cloud: optionalText.describe('read the credentials of this cloud from clouds.yaml'),
        openrc: optionalText.describe('read the credentials (OS_...) from this file'),
        region: optionalText.describe('region of the endpoints'),
        domain: names.describe('meter the projects of these domains only, by name'),
        domain_id: names.describe('meter the projects of these domains only, by id'),
      }),
    )
    .default([])
    .describe('one table for each cloud or region, where there are several; the settings above hold for all'),
};

export type CloudTable = z.output<(typeof EXPORTER_SECTIONS)['cloud']>[number];

export type ExporterSettings = SettingsOf<typeof EXPORTER_SETTINGS> & {
  gpuAliases: Readonly<Record<string, number>>;
  clouds: readonly CloudTable[];
};

export function readExporterSettings(sources: SettingsSources): ExporterSettings {
  const { settings, sections } = readSettings(EXPORTER_SETTINGS, sources, EXPORTER_SECTIONS);
  requireApart(sections.cloud);
  requireOneSpelling(Object.keys(sections.gpu_aliases));
  return { ...settings, gpuAliases: sections.gpu_aliases, clouds: sections.cloud };
}

/**
 * Throws `UserError` for two clouds of one name, which would share series, or of one state file, which would share
 * totals.
 */
function requireApart(clouds: readonly CloudTable[]): void {
  for (const [index, { name, state }] of clouds.entries()) {
    const before = clouds.slice(0, index);
    if (before.some((other) => other.name === name))
      throw new UserError(`cloud[${index + 1}].name: there is another cloud '${name}'`);
    if (before.some((other) => resolve(other.state) === resolve(state)))
      throw new UserError(`cloud[${index + 1}].state: ${state} is the state of another cloud`);
  }
}

/** Throws `UserError` for two names of devices that differ only in case: only one of them could count. */
function requireOneSpelling(aliases: readonly string[]): void {
  for (const [index, alias] of aliases.entries()) {
    const other = aliases.slice(0, index).find((one) => one.toLowerCase() === alias.toLowerCase());
    if (other !== undefined)
      throw new UserError(`gpu_aliases: '${other}' and '${alias}' are the same name: leave out one of them`);
  }
}
