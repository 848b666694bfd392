import { existsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { loadCredentials } from '../../exporter/openstack/credentials/openrc.ts';
import { parseStartDate } from '../../exporter/settings/start-date.ts';
import { makeCertificate } from '../../gate/settings/self-signed.ts';
import { USAGE_JOB } from '../../prometheus/usage-metrics.ts';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import type { Ask } from './questions.ts';
import { findCertificate, findCredentials, findPrometheus } from './site-finds.ts';
import { EXPORTER_ADDRESS, exporterFile, gateFile, type SiteAnswers } from './site-files.ts';
import { tell } from '../terminal.ts';
import { refuseExisting } from './new-files.ts';

const PROMETHEUS = 'http://127.0.0.1:9090';
const DAYS_OF_CERTIFICATE = 825;

/** Writes the configuration of exporter and gate into a folder. Throws `UserError`, and then has written no configuration. */
export async function initSite(folderName: string, ask: Ask, nowMs: number): Promise<void> {
  const folder = resolve(folderName);
  const [exporterPath, gatePath] = [join(folder, 'exporter.toml'), join(folder, 'gate.toml')];
  refuseExisting([exporterPath, gatePath]);
  const answers = await askSite(folder, ask, nowMs);
  await writeFileAtomically(exporterPath, exporterFile(answers));
  await writeFileAtomically(gatePath, gateFile(answers));
  tell(
    `${exporterPath} and ${gatePath} are written.`,
    `next      stackmeter exporter --config ${exporterPath} --check`,
    `then      the same without --check: it runs until Ctrl-C`,
    `then      stackmeter gate accept INVITATION --config ${gatePath}, with the line that a portal sent`,
  );
}

async function askSite(folder: string, ask: Ask, nowMs: number): Promise<SiteAnswers> {
  const credentials = await askCredentials(folder, ask);
  const start = await ask(
    "The exporter's totals count from",
    `${new Date(nowMs).toISOString().slice(0, 8)}01`,
  );
  parseStartDate(start, nowMs);
  const prometheus = await askPrometheus(ask);
  const host = await ask(
    'Host name with its domain, or address, under which a portal reaches this machine',
    ownHost(),
  );
  return {
    credentials,
    start,
    prometheus,
    certificate: await certificateFor(folder, host, nowMs),
    stateFile: join(folder, 'exporter-state.json'),
  };
}

/** A name without a domain is no address for others. */
function ownHost(): string {
  if (hostname().includes('.')) return hostname();
  const addresses = Object.values(networkInterfaces()).flatMap((addressesOfOne) => addressesOfOne ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? hostname();
}

async function askCredentials(folder: string, ask: Ask): Promise<SiteAnswers['credentials']> {
  const found = findCredentials(folder, process.env);
  if (found.length > 1) tell(`Credentials that can be read: ${found.join(', ')}`);
  const chosen = await ask('Credentials of OpenStack (an openrc, or a cloud of clouds.yaml)', found[0]);
  const file = resolve(folder, chosen);
  if (chosen === 'environment') return chosen;
  if (!existsSync(file)) {
    loadCredentials(process.env, undefined, chosen);
    return { osCloud: chosen };
  }
  loadCredentials(process.env, file);
  return { openrc: file };
}

async function askPrometheus(ask: Ask): Promise<string | undefined> {
  const found = await findPrometheus(PROMETHEUS);
  const proposal = found === undefined ? 'none' : PROMETHEUS;
  const chosen = await ask('Prometheus between exporter and gate (not needed), or none', proposal);
  if (chosen === 'none') return undefined;
  if (found?.scrapesUsage !== true)
    tell(
      'Add to its scrape_configs:',
      `  - job_name: ${USAGE_JOB}`,
      '    static_configs:',
      `      - targets: ['${EXPORTER_ADDRESS}']`,
    );
  return chosen;
}

async function certificateFor(folder: string, host: string, nowMs: number) {
  const found = findCertificate(folder, host);
  if (found !== undefined) {
    tell(`Certificate: ${found.certFile}`);
    return found;
  }
  const made = { certFile: join(folder, 'gate.crt'), keyFile: join(folder, 'gate.key') };
  refuseExisting([made.certFile, made.keyFile]);
  const { cert, key } = await makeCertificate(host, { nowMs, days: DAYS_OF_CERTIFICATE });
  await writeFileAtomically(made.keyFile, key);
  await writeFileAtomically(made.certFile, cert, 0o644);
  tell(`Certificate: made ${made.certFile} for ${host}; a portal gets it when you accept its invitation.`);
  return made;
}
