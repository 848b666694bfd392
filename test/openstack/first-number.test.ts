import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { totalUsage } from '../support/api-client.ts';
import { describeWith } from '../support/describe-with.ts';
import {
  eventually,
  freePort,
  runStackmeter,
  startStackmeter,
  temporaryFolder,
  type Running,
} from '../support/processes.ts';
import { signIn } from './nova.ts';
import { openstackEnvironment } from './environment.ts';

const HOUR_MS = 3_600_000;

/** The commands that the README has under a heading. */
function commandsOf(heading: string): string[] {
  const readme = readFileSync('README.md', 'utf8');
  const section = new RegExp(`\n### ${heading}\n([^]*?)\n##`).exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^ {4}stackmeter (.+)$/gm)].map(([, command = '']) => command);
}

/** An organisation's folder, with settings that keep its servers on free ports. */
interface Organisation {
  folder: string;
  env: Record<string, string>;
  /** Appended to commands that would ask, or that need the address of this test. */
  answers: Record<string, string>;
}

/** Runs a command of the README to its end, or starts it if it is a server. */
async function follow(command: string, { folder, env, answers }: Organisation): Promise<Running | undefined> {
  const [words = '', file] = command.split(' > ');
  const answer = Object.entries(answers).find(([start]) => words.startsWith(start))?.[1] ?? '';
  const args = `${words} ${answer}`.trim().split(' ');
  const options = { cwd: folder, env: { ...env, HOME: folder } };
  if (/^(exporter|gate|portal) --config \S+$/.test(words)) return startStackmeter(args, options);
  const stdout = file === undefined ? undefined : join(folder, file);
  const { code, output } = await runStackmeter(args, { ...options, stdout });
  expect({ command, code, output }).toEqual({ command, code: 0, output });
  return undefined;
}

async function followAll(commands: readonly string[], place: Organisation): Promise<Running> {
  let started: Running | undefined;
  for (const command of commands) {
    const server = await follow(command, place);
    if (server === undefined) continue;
    onTestFinished(async () => void (await server.stop()));
    await server.waitFor(/listening on|serving|listens/);
    started = server;
  }
  if (started === undefined) throw new Error('no command of the README starts a server');
  return started;
}

/** The last sentence of `stackmeter doctor`, without the time. */
async function diagnosis({ folder, env }: Organisation, ...flags: string[]): Promise<string> {
  const { output } = await runStackmeter(['doctor', ...flags], {
    cwd: folder,
    env: { ...env, HOME: folder },
  });
  return (output.trimEnd().split('\n').at(-1) ?? '').replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'TIME');
}

/** An openrc with another value for a variable. */
function openrcWith(place: Organisation, openrc: string, name: string, value: string): string {
  const file = join(place.folder, `wrong-${name}`);
  const lines = readFileSync(openrc, 'utf8').split('\n');
  writeFileSync(
    file,
    [...lines.filter((line) => !line.startsWith(`${name}=`)), `${name}=${value}`, ''].join('\n'),
  );
  return file;
}

describeWith(['openstack'], "the README's way from nothing to the first number", ({ openstack }) => {
  it('leads from the credentials of a real OpenStack to usage in a portal, and the doctor agrees', async () => {
    const [exporter, gate] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const portalAddress = `127.0.0.1:${await freePort()}`;
    const quick = { STACKMETER_INTERVAL: '1', STACKMETER_SETTLING_DELAY: '1' };
    const site: Organisation = {
      folder: temporaryFolder(),
      env: { STACKMETER_LISTEN: exporter, ...quick },
      answers: { 'init site': '--yes' },
    };
    const siteGate: Organisation = {
      folder: site.folder,
      env: { STACKMETER_LISTEN: gate, STACKMETER_EXPORTER: `http://${exporter}` },
      answers: { 'gate accept': `--yes --url https://${gate}` },
    };
    const portal: Organisation = {
      folder: temporaryFolder(),
      env: { STACKMETER_LISTEN: portalAddress },
      answers: { 'init portal': '--yes', 'portal enrol': '--yes' },
    };
    copyFileSync(openstack, join(site.folder, 'usage-openrc'));
    await followAll(commandsOf('A site'), site);
    const running = await followAll(commandsOf('A portal'), portal);

    const [accept = '', serve = '', enrol = ''] = commandsOf('Together');
    copyFileSync(join(portal.folder, 'invitation'), join(site.folder, 'invitation'));
    await followAll([accept, serve], siteGate);
    copyFileSync(join(site.folder, 'reply'), join(portal.folder, 'reply'));
    await follow(enrol, portal);
    appendFileSync(join(portal.folder, 'portal.toml'), 'interval_seconds = 1\n');
    running.send('SIGHUP');

    const nowMs = Date.now();
    const rows = await eventually(async () => {
      const usage = await totalUsage(`http://${portalAddress}`, nowMs - HOUR_MS, nowMs + 2 * HOUR_MS);
      return usage.some(({ amount }) => amount > 0) ? usage : undefined;
    });
    const names = await (await signIn(openstackEnvironment(openstack))).projectNames();
    expect(rows.map((row) => row.project_name)).toEqual(rows.map((row) => names.get(row.project_id)));

    const atSite = async (...flags: string[]) =>
      await diagnosis(siteGate, '--exporter', `http://${exporter}`, ...flags);
    // A refresh that takes longer than its second is a fault for a moment.
    await expect
      .poll(async () => await atSite())
      .toMatch(
        /^All is well up to the gate: usage of \d+ projects up to TIME UTC; what comes after it was not looked at\.$/,
      );
    await expect
      .poll(async () => await diagnosis(portal))
      .toMatch(/^All is well: usage of \d+ projects up to TIME UTC reached the portal\.$/);
    const withWrong = async (name: string) =>
      await atSite('--openrc', openrcWith(site, openstack, name, 'nowhere'));
    const again = 'stackmeter exporter --check tries it again.';
    const { OS_AUTH_URL: keystone } = openstackEnvironment(openstack);
    expect(await withWrong('OS_PASSWORD')).toBe(
      `Not well: OpenStack: Keystone at ${keystone} refuses the credentials (401): check OS_USERNAME, OS_PASSWORD, the project and their domains: ${again}`,
    );
    expect(await withWrong('OS_REGION_NAME')).toBe(
      `Not well: OpenStack: Keystone's catalog has no public endpoint of the compute service in region 'nowhere', only in RegionOne; see OS_REGION_NAME: ${again}`,
    );
  });
});
