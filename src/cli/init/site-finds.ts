import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cloudNames } from '../../exporter/openstack/credentials/clouds-yaml.ts';
import { loadCredentials } from '../../exporter/openstack/credentials/openrc.ts';
import type { Environment } from '../../exporter/openstack/credentials/credentials.ts';
import { readTls } from '../../gate/listener/tls.ts';
import { USAGE_JOB } from '../../prometheus/usage-metrics.ts';
import { readTargets } from '../doctor/prometheus-targets.ts';
import { UserError } from '../../runtime/user-error.ts';

/** Names under which a person finds credentials: files of the folder, clouds of clouds.yaml, and `environment`. Only those that can be read. */
export function findCredentials(folder: string, env: Environment): string[] {
  const files = readdirSync(folder).filter((name) => /openrc/i.test(name));
  return [
    ...files.filter((name) => works(() => loadCredentials(env, join(folder, name)))),
    ...cloudNames(env).filter((name) => works(() => loadCredentials(env, undefined, name))),
    ...(works(() => loadCredentials({ ...env, OS_CLOUD: undefined }, undefined)) ? ['environment'] : []),
  ];
}

/** A certificate and its key in the folder, or of certbot for the host. */
export function findCertificate(
  folder: string,
  host: string,
): { certFile: string; keyFile: string } | undefined {
  const live = `/etc/letsencrypt/live/${host}`;
  const keys = readdirSync(folder).filter((name) => /\.(key|pem)$/.test(name));
  const certificates = readdirSync(folder).filter((name) => /\.(crt|pem)$/.test(name));
  const pairs = certificates.flatMap((cert) =>
    keys.map((key) => ({ certFile: join(folder, cert), keyFile: join(folder, key) })),
  );
  return [...pairs, { certFile: join(live, 'fullchain.pem'), keyFile: join(live, 'privkey.pem') }].find(
    (pair) => existsSync(pair.certFile) && works(() => readTls(pair)),
  );
}

/** Whether a Prometheus answers, and whether it scrapes an exporter of usage; undefined if none answers. */
export async function findPrometheus(url: string): Promise<{ scrapesUsage: boolean } | undefined> {
  const { targets } = await readTargets(url);
  return targets && { scrapesUsage: targets.some(({ labels }) => labels.job === USAGE_JOB) };
}

function works(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
