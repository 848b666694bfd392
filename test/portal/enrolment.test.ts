import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { accept, prepareAcceptance } from '../../src/gate/enrolment/accept.ts';
import { prepareRemoval, removeTokens } from '../../src/gate/enrolment/removal.ts';
import { createGate } from '../../src/gate/server.ts';
import { readGateConfig } from '../../src/gate/settings/settings.ts';
import { enrol, prepareEnrolment } from '../../src/portal/enrolment/enrol.ts';
import { invite } from '../../src/portal/enrolment/invite.ts';
import { removeSite } from '../../src/portal/enrolment/remove-site.ts';
import { reloadRunning } from '../../src/portal/reload-over-socket.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { SettingsSources } from '../../src/runtime/settings/settings.ts';
import { federate, get, USAGE } from '../gate/harness.ts';
import { issue } from '../support/certificate-authority.ts';
import { startPortalIn } from '../support/portal-under-test.ts';
import { freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';
import { startFakeGate, TEXT_FORMAT } from './fake-gate.ts';

const NOW = Date.now();

/** A site's machine: a folder with certificate and key, an exporter, and the settings of its gate. */
interface SiteMachine {
  name: string;
  folder: string;
  gate: SettingsSources;
}

async function startExporter(): Promise<string> {
  const body = `project_vcpu_usage{project_id="p",project_name="P",domain_id="d",domain_name="D"} 7
stackmeter_exporter_build_info{version="1.2.3"} 1
stackmeter_exporter_epoch_info{epoch="one"} 1
stackmeter_exporter_start_timestamp_seconds ${Date.UTC(2026, 0, 1) / 1000}
stackmeter_exporter_folded_until_timestamp_seconds ${Math.floor(NOW / 1000)}
`;
  return await startFakeGate((_, response) => response.writeHead(200, TEXT_FORMAT).end(body));
}

/** A site that keeps its settings in a gate.toml, or gives the gate flags and a token file that is not there yet. */
async function prepareSite(name: string, hasFile: boolean): Promise<SiteMachine> {
  const folder = temporaryFolder();
  const [tlsCert, tlsKey] = [join(folder, 'site.pem'), join(folder, 'site.key')];
  const pair = await issue(undefined, '127.0.0.1');
  writeFileSync(tlsCert, pair.cert);
  writeFileSync(tlsKey, pair.key);
  const [listen, exporter] = [`127.0.0.1:${await freePort()}`, await startExporter()];
  const configFile = join(folder, 'gate.toml');
  const flags = { listen, exporter, tlsCert, tlsKey, tokenFile: join(folder, 'tokens') };
  if (!hasFile) return { name, folder, gate: { flags, env: {} } };
  writeFileSync(
    configFile,
    `listen = "${listen}" # ours\nexporter = "${exporter}"\ntls_cert = "${tlsCert}"\ntls_key = "${tlsKey}"\n`,
  );
  return { name, folder, gate: { flags: {}, env: {}, configFile } };
}

async function startGate({ gate: sources }: SiteMachine): Promise<void> {
  const reread = () => readGateConfig(sources);
  const logger = silentLogger();
  const gate = createGate(reread(), { clock: systemClock, logger, reread, watchIntervalMs: 50 });
  onTestFinished(async () => await gate.close());
  await gate.start();
}

/** A portal's machine: a folder with a portal.toml, and a running portal. */
async function startPortal() {
  const folder = temporaryFolder();
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, '# the portal of the test\n', { mode: 0o600 });
  const { url } = await startPortalIn(folder);
  return { folder, url, sources: { flags: {}, env: {}, configFile } };
}

type PortalMachine = Awaited<ReturnType<typeof startPortal>>;

/** The two lines of an enrolment. Each side reads the other's only as text. */
async function exchange({ sources }: PortalMachine, { name, gate }: SiteMachine) {
  const wish = { site: name, portal: 'test-portal', days: 14 };
  const { line: invitation } = await invite(wish, sources, NOW);
  const acceptance = prepareAcceptance(invitation, gate, {}, NOW);
  await accept(acceptance);
  return { line: invitation, ...acceptance };
}

async function enrolReply({ sources, folder }: PortalMachine, reply: string): Promise<string> {
  const words = await enrol(prepareEnrolment(reply, sources), sources, systemClock);
  expect(await reloadRunning(join(folder, 'data'))).toBe(true);
  return words;
}

/** The sites that the portal has read. */
async function sitesOf({ url }: PortalMachine) {
  const response = await fetch(`${url}/api/v1/sites`);
  const { data } = (await response.json()) as {
    data: { name: string; last_error: string | null; last_success_at: string | null }[];
  };
  return data
    .filter(({ last_error: error, last_success_at: at }) => error === null && at !== null)
    .map(({ name }) => name);
}

/** Runs a command; returns its standard output, and all words with the last code in them. */
async function run(cwd: string, args: readonly string[]) {
  const stdout = join(temporaryFolder(), 'line');
  const { code, output: words } = await runStackmeter(args, { cwd, stdout });
  const codes = words.match(/(?:[A-Z]{4}-){2}[A-Z]{4}(?=\n)/g) ?? [];
  return { exit: code, line: readFileSync(stdout, 'utf8').trim(), words, codes };
}

const SEEN = /^1 series of 1 project, since 2026-01-01 00:00 UTC, up to .* \(.*\), by stackmeter 1\.2\.3$/;

it('enrols three sites that share nothing with the portal but two lines each', async () => {
  const portal = await startPortal();
  for (const name of ['site-b', 'site-c']) {
    const site = await prepareSite(name, false);
    const { reply } = await exchange(portal, site);
    await startGate(site);
    expect(await enrolReply(portal, reply)).toMatch(SEEN);
  }
  // The first site by the commands themselves.
  const first = await prepareSite('site-a', true);
  const portalArgs = ['--config', 'portal.toml', '--data', 'data'];
  const invited = await run(portal.folder, ['portal', 'invite', 'site-a', '--as', 'test', ...portalArgs]);
  expect(invited.words).toContain('stackmeter portal enrol REPLY --config portal.toml\n');
  const past = ['portal', 'invite', 'site-a', '--expires', '2020-01-01', ...portalArgs];
  expect(await run(portal.folder, past)).toMatchObject({
    exit: 1,
    line: '',
    words: "stackmeter: --expires: '2020-01-01' has passed: name a later day\n",
  });
  const acceptArgs = ['gate', 'accept', invited.line, '--config', 'gate.toml'];
  const refused = await run(first.folder, acceptArgs);
  expect(refused.words).toContain(
    "there is no terminal to ask on: if the answer to 'Is the code the same at the portal, ",
  );
  const accepted = await run(first.folder, [...acceptArgs, '--yes']);
  expect([refused.exit, refused.line, accepted.codes[0]]).toEqual([1, '', invited.codes[0]]);
  await startGate(first);
  const enrolled = await run(portal.folder, ['portal', 'enrol', accepted.line, '--yes', ...portalArgs]);
  expect([enrolled.exit, enrolled.codes]).toEqual([0, [accepted.codes[1]]]);
  expect(enrolled.line.replace('site-a: ', '')).toMatch(SEEN);
  expect(enrolled.words).toContain('The running portal has read portal.toml again.');

  await expect.poll(async () => await sitesOf(portal)).toEqual(['site-a', 'site-b', 'site-c']);
  expect(readFileSync(portal.sources.configFile, 'utf8')).toMatch(
    /^# the portal of the test\n\n\[\[site]]\nname = "site-b"\n/,
  );
  expect(statSync(join(portal.folder, 'site-a.token')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(first.folder, 'gate.toml'), 'utf8')).toMatch(
    /site\.key"\n\n\[\[token]]\nname = "test"\nhash = "sha256:\w{64}"\nserver_hours = false\n$/,
  );

  // Somebody else may send an invitation under the same name, so the site hears of the name before it answers.
  const elsewhere = temporaryFolder();
  writeFileSync(join(elsewhere, 'portal.toml'), '');
  const other = await run(elsewhere, ['portal', 'invite', 'site-a', '--as', 'test', ...portalArgs]);
  const same = await run(first.folder, ['gate', 'accept', other.line, '--config', 'gate.toml']);
  expect([same.exit, same.line]).toEqual([1, '']);
  expect(same.words).toContain(
    'The gate has a token of test already. If test did not tell you of a new one, say no.',
  );
});

/** The status of the gate's answer to a token. */
async function statusOf({ folder }: SiteMachine, url: string, token: string): Promise<number> {
  const ca = readFileSync(join(folder, 'site.pem'), 'utf8');
  const { status } = await get(url + federate(USAGE), { authorization: `Bearer ${token}` }, ca);
  return status;
}

it('exchanges the token without a pause, and removes the site', async () => {
  const portal = await startPortal();
  const { sources, folder } = portal;
  const tokenNow = () => readFileSync(join(folder, 'site-a.token'), 'utf8').trim();
  const site = await prepareSite('site-a', false);

  const first = await exchange(portal, site);
  await expect(enrolReply(portal, first.reply)).rejects.toThrow(/^site-a cannot be read .* nothing listens/);
  expect(readFileSync(sources.configFile, 'utf8')).toBe('# the portal of the test\n');
  await startGate(site);
  await enrolReply(portal, first.reply);
  const [text, old] = [readFileSync(sources.configFile, 'utf8'), tokenNow()];
  expect(await enrolReply(portal, first.reply)).toMatch(SEEN);

  const second = await exchange(portal, site);
  expect((await exchange(portal, site)).reply).toBe(second.reply);
  expect(second.others).toEqual(['test-portal']);
  expect(() => prepareEnrolment(first.reply, sources)).toThrow('the reply is to an earlier invitation');
  expect(tokenNow()).toBe(old);
  await expect.poll(async () => await enrolReply(portal, second.reply).catch(String)).toMatch(SEEN);
  const status = async () => [
    await statusOf(site, first.url, old),
    await statusOf(site, first.url, tokenNow()),
  ];
  expect([await status(), tokenNow() === old]).toEqual([[200, 200], false]);

  await removeTokens(prepareRemoval('test-portal', 'newest', site.gate, NOW));
  await expect.poll(status).toEqual([401, 200]);
  await expect.poll(async () => await sitesOf(portal)).toEqual(['site-a']);
  expect(readFileSync(sources.configFile, 'utf8')).toBe(text);

  const last = tokenNow();
  await removeSite('site-a', sources, async () => void (await reloadRunning(join(folder, 'data'))));
  await removeTokens(prepareRemoval('test-portal', 'none', site.gate, NOW));
  await expect.poll(async () => await statusOf(site, first.url, last)).toBe(401);
  expect(readFileSync(sources.configFile, 'utf8')).toBe('# the portal of the test\n');
  expect(readdirSync(folder).filter((file) => file.startsWith('site-a'))).toEqual([]);
});
