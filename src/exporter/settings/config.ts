import { systemClock } from '../../runtime/clock.ts';
import { parseListenAddress, type ListenAddress } from '../../runtime/http/listen.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { gpuAliases, type GpuAliases } from '../metering/gpus.ts';
import type { PoolSplit } from '../metering/pool.ts';
import type { Credentials, Environment } from '../openstack/credentials/credentials.ts';
import type { DomainFilter } from '../openstack/keystone.ts';
import { loadCredentials } from '../openstack/credentials/openrc.ts';
import { NO_PROXIES, readProxies, type Proxies } from '../openstack/session/proxies.ts';
import type { ResourceName } from './resources.ts';
import { readExporterSettings, type CloudTable, type ExporterSettings } from './settings.ts';
import { parseStartDate } from './start-date.ts';

/** The configuration of an exporter for one cloud. */
export interface ExporterConfig {
  /** The value of the label `cloud`; undefined if there is one cloud only. */
  cloud: string | undefined;
  listen: ListenAddress;
  /** The host name that clients use, in addition to the addresses. */
  publicHost?: string | undefined;
  credentials: Credentials;
  proxies: Proxies;
  stateFile: string;
  /** The start date of a new state; undefined for the first start of the exporter. */
  startMs: number | undefined;
  intervalMs: number;
  settlingDelayMs: number;
  longestWindowMs: number;
  /** How long a project is shown after Keystone listed it last. */
  keepDeletedMs: number;
  /** Servers per page; undefined for Nova's own limit. */
  pageSize: number | undefined;
  requestTimeoutMs: number;
  /** Delay before a failed request is sent again. It doubles with each attempt. */
  firstRetryDelayMs: number;
  domains: DomainFilter;
  /** The exported resources. The resources of servers are always metered. */
  resources: readonly ResourceName[];
  gpuAliases: GpuAliases;
  split: PoolSplit | undefined;
  /** Whether server hours are metered by flavor and state. */
  serverHours: boolean;
}

/** The config of an exporter for the OpenStack of the `OS_*` variables. */
export function readExporterConfig(sources: SettingsSources): ExporterConfig {
  const settings = readExporterSettings(sources);
  const credentials = loadCredentials(sources.env, settings.openrc, settings.osCloud);
  const config = exporterConfig(settings, credentials, systemClock.nowMs());
  return { ...config, proxies: readProxies(sources.env) };
}

/** One config for each `[[cloud]]` of the file. Without `[[cloud]]`, the config of the settings and the environment. */
export function readExporterConfigs(
  sources: SettingsSources,
): readonly [ExporterConfig, ...ExporterConfig[]] {
  const settings = readExporterSettings(sources);
  const [first, ...others] = settings.clouds.map((table) => cloudConfig(table, settings, sources));
  return first === undefined ? [readExporterConfig(sources)] : [first, ...others];
}

function cloudConfig(
  { name, state, os_cloud: osCloud, openrc, region, domain, domain_id: domainId }: CloudTable,
  settings: ExporterSettings,
  { env }: SettingsSources,
): ExporterConfig {
  const credentials = loadCredentials(ownChoices(env, region, openrc ?? osCloud), openrc, osCloud);
  const regional = region === undefined ? credentials : { ...credentials, region };
  const own = { ...settings, state, domain, domainId };
  const config = exporterConfig(own, regional, systemClock.nowMs());
  return { ...config, cloud: name, proxies: readProxies(env) };
}

/** The environment without region, interface and authority: several clouds with credential files must not share these. */
function ownChoices(env: Environment, region: string | undefined, file: string | undefined): Environment {
  if (file === undefined) return env;
  return { ...env, OS_REGION_NAME: region, OS_INTERFACE: undefined, OS_CACERT: undefined };
}

export function exporterConfig(
  settings: ExporterSettings,
  credentials: Credentials,
  nowMs: number,
): ExporterConfig {
  return {
    cloud: undefined,
    listen: parseListenAddress(settings.listen),
    publicHost: settings.publicUrl?.hostname,
    credentials,
    proxies: NO_PROXIES,
    stateFile: settings.state,
    startMs: settings.start === undefined ? undefined : parseStartDate(settings.start, nowMs),
    intervalMs: settings.interval * 1000,
    settlingDelayMs: settings.settlingDelay * 1000,
    longestWindowMs: settings.longestWindow * 1000,
    keepDeletedMs: settings.keepDeleted * 86_400_000,
    pageSize: settings.pageSize,
    requestTimeoutMs: settings.requestTimeout * 1000,
    firstRetryDelayMs: 500,
    domains: { names: settings.domain, ids: settings.domainId },
    resources: settings.resources,
    gpuAliases: gpuAliases(settings.gpuAliases),
    split: poolSplit(settings),
    serverHours: settings.serverHours,
  };
}

/** The default metadata key is that of the earlier system. */
function poolSplit({ splitProject, splitMetadata }: ExporterSettings): PoolSplit | undefined {
  if (splitProject !== undefined)
    return { projectId: splitProject, metadataKey: splitMetadata ?? 'project_name' };
  if (splitMetadata === undefined) return undefined;
  throw new UserError('--split-metadata needs a project: --split-project ID is missing');
}
