import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { makeCa, issue } from '../support/certificate-authority.ts';
import { describeWith } from '../support/describe-with.ts';
import { signIn } from './nova.ts';
import { serviceAddress } from './client.ts';
import { openstackEnvironment } from './environment.ts';
import { eventually, runStackmeter, startStackmeter, temporaryFolder } from '../support/processes.ts';
import { startTlsProxy } from '../support/tls-proxy.ts';

const START = '2026-01-01';

/** Makes a folder with clouds.yaml and secure.yaml for a cloud `lab`, whose Keystone and Nova are behind TLS. */
async function cloudOverTls(environment: Record<string, string>) {
  const folder = temporaryFolder();
  const [ca, otherCa] = await Promise.all([makeCa('the CA of the cloud'), makeCa('another CA')]);
  const certificate = await issue(ca, '127.0.0.1');
  const keystone = await startTlsProxy(Number(new URL(environment['OS_AUTH_URL'] ?? '').port), certificate);
  const nova = await startTlsProxy(
    Number(new URL(await serviceAddress(environment, 'compute')).port),
    certificate,
  );
  writeFileSync(join(folder, 'ca.pem'), ca.cert);
  writeFileSync(join(folder, 'other.pem'), otherCa.cert);
  const write = (how: object, password = environment['OS_PASSWORD']) => {
    const auth = {
      auth_url: keystone.url,
      username: environment['OS_USERNAME'],
      project_name: environment['OS_PROJECT_NAME'],
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    };
    const lab = {
      auth,
      region_name: 'RegionOne',
      compute_endpoint_override: `${nova.url}/v2.1`,
      ...how,
    };
    writeFileSync(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { lab } }));
    writeFileSync(join(folder, 'secure.yaml'), JSON.stringify({ clouds: { lab: { auth: { password } } } }));
  };
  /** Runs `exporter --check` to its end. */
  const check = async (env: Record<string, string> = {}, cloud = 'lab') =>
    await runStackmeter(['exporter', '--check', '--os-cloud', cloud], {
      cwd: folder,
      env: { HOME: folder, ...env },
    });
  return { folder, keystone, nova, write, check };
}

/** Hours by `resource project`, and the instant up to which they count; undefined before the first refresh. */
async function scrape(address: string) {
  const response = await fetch(`http://${address}/metrics`);
  if (response.status === 503) return undefined;
  const samples = parseExposition(await response.text());
  const until = samples.find(({ name }) => name === 'stackmeter_exporter_folded_until_timestamp_seconds');
  const hours = samples.map(({ name, labels, value }) => [`${name} ${labels['project_id']}`, value] as const);
  return { hours: new Map(hours), untilMs: (until?.value ?? 0) * 1000 };
}

describeWith(['openstack'], 'a cloud of clouds.yaml that --os-cloud names', ({ openstack }) => {
  const environment = openstackEnvironment(openstack);

  it("is read with the password in secure.yaml, over TLS with its own CA, at an address that overrides the catalog's", async () => {
    const { folder, keystone, nova, write } = await cloudOverTls(environment);
    write({ cacert: join(folder, 'ca.pem') });
    const flags = ['--listen', '127.0.0.1:0', '--start', START, '--longest-window', '31622400'];
    const exporter = startStackmeter(['exporter', '--os-cloud', 'lab', ...flags], {
      cwd: folder,
      env: { HOME: folder },
    });
    onTestFinished(async () => void (await exporter.stop()));
    const [, address = ''] = await exporter.waitFor(/"address":"([^"]+)"/);
    const shown = await eventually(async () => await scrape(address));
    const cloud = await signIn(environment);
    const fromNova = await cloud.usage(Date.parse(START), shown.untilMs);
    expect(fromNova.size).toBeGreaterThan(10);
    for (const [id] of await cloud.projectNames()) {
      const shownVcpu = shown.hours.get(`project_vcpu_usage ${id}`) ?? Number.NaN;
      expect(Math.abs(shownVcpu - (fromNova.get(id)?.vcpu ?? 0))).toBeLessThan(1e-6);
    }
    expect([keystone.connections() > 0, nova.connections() > 0]).toEqual([true, true]);
    expect(exporter.output()).not.toContain(environment['OS_PASSWORD']);
  });

  it('is not trusted without its CA, or only because clouds.yaml turns verification off', async () => {
    const { folder, keystone, write, check } = await cloudOverTls(environment);
    const refusal =
      `stackmeter: Keystone at ${keystone.url}/v3/auth/tokens is not trusted: unable to verify the first certificate; ` +
      "name the file of its authority's certificate with OS_CACERT, or cacert in clouds.yaml\n";
    write({});
    expect(await check()).toEqual({ code: 1, output: refusal });
    write({ cacert: join(folder, 'other.pem') });
    expect(await check()).toEqual({ code: 1, output: refusal });
    write({ cacert: join(folder, 'no.pem') });
    expect(await check()).toEqual({
      code: 1,
      output: `stackmeter: OS_CACERT: cannot read ${folder}/no.pem: ENOENT: no such file or directory, open '${folder}/no.pem'\n`,
    });
    write({ verify: false });
    expect(await check()).toEqual({
      code: 1,
      output: `stackmeter: cloud 'lab' of ${folder}/clouds.yaml does not verify certificates: name its authority with cacert instead, or set OS_INSECURE=true to send the password to any server that answers\n`,
    });
    const insecure = await check({ OS_INSECURE: 'true' });
    expect([insecure.code, insecure.output.split('\n').slice(0, 2)]).toEqual([
      0,
      [
        'Danger    OS_INSECURE: certificates are not verified, so anyone on the network path can read the password',
        `Keystone  ${keystone.url}/v3: signed in as 'admin', project 'admin', region 'RegionOne'`,
      ],
    ]);
  });

  it('is refused in one line if it has an error', async () => {
    const { folder, keystone, write, check } = await cloudOverTls(environment);
    const cacert = join(folder, 'ca.pem');
    write({ cacert }, 'wrong-swordfish');
    expect(await check()).toEqual({
      code: 1,
      output: `stackmeter: Keystone at ${keystone.url}/v3 refuses the credentials (401): check OS_USERNAME, OS_PASSWORD, the project and their domains\n`,
    });
    write({ cacert, region_name: 'Atlantis', compute_endpoint_override: undefined });
    expect(await check()).toEqual({
      code: 1,
      output:
        "stackmeter: Keystone's catalog has no public endpoint of the compute service in region 'Atlantis', only in RegionOne; see OS_REGION_NAME\n",
    });
    expect(await check({}, 'lap')).toEqual({
      code: 1,
      output: `stackmeter: ${folder}/clouds.yaml has no cloud 'lap'; it has lab\n`,
    });
    writeFileSync(join(folder, 'clouds.yaml'), 'clouds:\n  lab:\n    auth: {password: swordfish\n');
    const { code, output } = await check();
    expect([code, output.split('\n').length]).toEqual([1, 2]);
    expect(output).toMatch(/^stackmeter: cannot read .*clouds\.yaml: .* at line \d+\n$/);
    expect(output).not.toContain('swordfish');
  });
});
