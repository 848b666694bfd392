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

/** What an exporter goes by, of one cloud. */
export interface ExporterConfig {
  /** Its label where there are several clouds. */
  cloud: string | undefined;
  listen: ListenAddress;
  /** The name under which others reach it, beside its addresses. */
  publicHost?: string | undefined;
  credentials: Credentials;
  proxies: Proxies;
  stateFile: string;
  /** From when a new state counts; its first start where undefined. */
  startMs: number | undefined;
  intervalMs: number;
  settlingDelayMs: number;
  longestWindowMs: number;
  /** How long a project that Keystone lists no more is shown. */
  keepDeletedMs: number;
  /** Servers that are asked of Nova at once; its own limit where undefined. */
  pageSize: number | undefined;
  requestTimeoutMs: number;
  /** Before a request that failed is made again; then twice as long. */
  firstRetryDelayMs: number;
  domains: DomainFilter;
  /** Which resources are exported; those that Nova reports of servers are all metered. */
  resources: readonly ResourceName[];
  gpuAliases: GpuAliases;
  split: PoolSplit | undefined;
}

/** The config of an exporter that reads the OpenStack of the `OS_*` variables. */
export function readExporterConfig(sources: SettingsSources): ExporterConfig {
  const settings = readExporterSettings(sources);
  const credentials = loadCredentials(sources.env, settings.openrc, settings.osCloud);
  const config = exporterConfig(settings, credentials, systemClock.nowMs());
  return { ...config, proxies: readProxies(sources.env) };
}

/** One config for each `[[cloud]]` of the file; the one of the settings and the environment where there is none. */
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

/** Of several clouds with files of their own, none takes a region, interface or authority that is of the environment. */
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
    publicHost: settings.publicUrl,
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
  };
}

/** The key's default is that of the earlier system. */
function poolSplit({ splitProject, splitMetadata }: ExporterSettings): PoolSplit | undefined {
  if (splitProject !== undefined)
    return { projectId: splitProject, metadataKey: splitMetadata ?? 'project_name' };
  if (splitMetadata === undefined) return undefined;
  throw new UserError(
    'splitting a project takes a project and a metadata key: --split-project ID is missing',
  );
}
