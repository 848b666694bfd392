import { dirname, resolve } from 'node:path';
import { readSettings, type SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { selectorsOf } from '../settings/site-settings.ts';
import { portalSections, portalSettings } from '../settings/settings.ts';
import { ownNameIn } from './own-name.ts';
import type { FederatedSite, PrometheusPlan } from './render.ts';

/**
 * Reads the settings of the portal's Prometheus from portal.toml. The named files need not be readable here, but Prometheus
 * must find them under the same paths. Throws `UserError`.
 */
export function readPrometheusPlan(sources: SettingsSources): PrometheusPlan {
  const { sections } = readSettings(portalSettings, sources, portalSections);
  const folder = dirname(resolve(sources.configFile ?? '.'));
  const sites = sections.site.map((site): FederatedSite => {
    if (site.token_file === undefined)
      throw new UserError(`site '${site.name}' has no token_file; Prometheus takes the token from a file`);
    return {
      name: site.name,
      url: site.url,
      tokenFile: resolve(folder, site.token_file),
      ...trustOf(site, folder),
      intervalMs: Math.round(site.interval_seconds * 1000),
      timeoutMs: Math.round(site.timeout_seconds * 1000),
      labels: site.labels,
      selectors: selectorsOf(site),
    };
  });
  const prometheus = sections.portal_prometheus;
  return {
    sites,
    prometheus: {
      ...prometheus,
      rule_files: prometheus.rule_files.map((file) => resolve(folder, file)),
      storage: prometheus.storage.map((storage) => ({
        ...storage,
        ...(storage.password_file === undefined
          ? {}
          : { password_file: resolve(folder, storage.password_file) }),
      })),
    },
    metricsTokenFile:
      sections.access?.metrics_token_file === undefined
        ? undefined
        : resolve(folder, sections.access.metrics_token_file),
    senderTokenFile: senderTokenFile(prometheus.sender, sections.sender, folder),
  };
}

function trustOf(
  { ca_file: file, url }: { ca_file?: string | undefined; url: string },
  folder: string,
): Pick<FederatedSite, 'caFile' | 'serverName'> {
  if (file === undefined) return { caFile: undefined };
  const caFile = resolve(folder, file);
  const serverName = ownNameIn(caFile, new URL(url).hostname);
  return { caFile, ...(serverName === undefined ? {} : { serverName }) };
}

/** The sender whose configuration `prometheus-config` writes. Throws `UserError`. */
export function readRenderedSender(sources: SettingsSources): string | undefined {
  return readSettings(portalSettings, sources, portalSections).sections.portal_prometheus.sender;
}

function senderTokenFile(
  name: string | undefined,
  senders: readonly { name: string; token_file: string }[],
  folder: string,
): string | undefined {
  if (name === undefined) return undefined;
  const sender = senders.find((table) => table.name === name);
  if (sender === undefined)
    throw new UserError(`portal_prometheus.sender: there is no [[sender]] with the name '${name}'`);
  return resolve(folder, sender.token_file);
}
