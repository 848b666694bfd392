import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort, startStackmeter, type Running } from './processes.ts';

export interface Site {
  exporter: Running;
  exporterPort: number;
  gateUrl: string;
  token: string;
  tokenFile: string;
}

/** A token that is long enough for a gate; it is no secret. */
const token = 'test-token-of-43-characters-0123456789abcdefg';

export interface SiteOptions {
  folder: string;
  /** Arguments of the exporter except address and state file. */
  exporter: readonly string[];
  env?: Record<string, string>;
  /** More arguments of the gate. */
  gate?: readonly string[];
  /** Starts a Prometheus for the gate to read and returns its address; without it, the gate reads the exporter. */
  prometheusUrl?: (exporterPort: number) => Promise<string>;
}

/** Starts an exporter and a gate that reads from it, as processes; ends both with the test. */
export async function startSite({
  folder,
  exporter: exporterArgs,
  env,
  gate: gateArgs = [],
  prometheusUrl,
}: SiteOptions): Promise<Site> {
  const exporterPort = await freePort();
  const exporter = startStackmeter(
    [
      'exporter',
      '--listen',
      `127.0.0.1:${exporterPort}`,
      '--state',
      join(folder, 'state.json'),
      ...exporterArgs,
    ],
    { cwd: folder, env: env ?? {} },
  );
  onTestFinished(async () => void (await exporter.stop()));
  const source = prometheusUrl
    ? ['--prometheus', await prometheusUrl(exporterPort)]
    : ['--exporter', `http://127.0.0.1:${exporterPort}`];
  const gate = await startGate(folder, [...source, ...gateArgs]);
  return { exporter, exporterPort, ...gate };
}

/** Starts a gate that reads from `source`; ends it with the test. */
export async function startGate(
  folder: string,
  source: readonly string[],
): Promise<Pick<Site, 'gateUrl' | 'token' | 'tokenFile'>> {
  const tokenFile = join(folder, 'gate.token');
  writeFileSync(tokenFile, `${token}\n`);
  const gatePort = await freePort();
  const gate = startStackmeter(
    ['gate', '--listen', `127.0.0.1:${gatePort}`, '--token-file', tokenFile, ...source],
    { cwd: folder },
  );
  onTestFinished(async () => void (await gate.stop()));
  await gate.waitFor(/listen(s|ing)/);
  return { gateUrl: `http://127.0.0.1:${gatePort}`, token, tokenFile };
}

/** Starts a portal that reads these sites, each with `more` in its table; ends it with the test. */
export async function startPortal(
  folder: string,
  sites: Record<string, Pick<Site, 'gateUrl' | 'tokenFile'>>,
  env: Record<string, string> = {},
  more = '',
): Promise<{ url: string; portal: Running }> {
  const port = await freePort();
  const config = Object.entries(sites).map(
    ([name, { gateUrl, tokenFile }]) =>
      `[[site]]\nname = "${name}"\nurl = "${gateUrl}"\ntoken_file = "${tokenFile}"\ninterval_seconds = 1\n${more}`,
  );
  writeFileSync(join(folder, 'portal.toml'), config.join('\n'));
  const portal = startStackmeter(
    ['portal', '--listen', `127.0.0.1:${port}`, '--config', 'portal.toml', '--data', join(folder, 'data')],
    { cwd: folder, env },
  );
  onTestFinished(async () => void (await portal.stop()));
  await portal.waitFor(/listen(s|ing)/);
  return { url: `http://127.0.0.1:${port}`, portal };
}
