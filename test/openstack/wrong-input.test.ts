import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { openstackEnvironment } from './environment.ts';
import { freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';

/** Runs a command that must fail; returns its one line of error. */
async function refusal(
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<string> {
  const { code, output } = await runStackmeter(args, options);
  expect([args.join(' '), code]).toEqual([args.join(' '), 1]);
  const lines = output.split('\n').filter((line) => line.startsWith('stackmeter: '));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

async function portInUse(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const password = {
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'x',
  OS_PROJECT_NAME: 'admin',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_ID: 'default',
};

describe('an operator gets one line and exit code 1 for', () => {
  it('missing credentials', async () => {
    const line = await refusal(['exporter', '--listen', '127.0.0.1:0'], { cwd: temporaryFolder() });
    expect(line).toMatch(/OS_AUTH_URL/);
  });

  it('an unreachable Keystone', async () => {
    const url = `http://127.0.0.1:${await freePort()}/v3`;
    const line = await refusal(['exporter', '--listen', '127.0.0.1:0'], {
      cwd: temporaryFolder(),
      env: { ...password, OS_AUTH_URL: url },
    });
    expect(line).toContain(url);
    expect(line).toMatch(/ECONNREFUSED/);
  });

  it('a broken profile', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'profile.toml'), '[default\n');
    const line = await refusal(['exporter', '--listen', '127.0.0.1:0', '--dummy-data', 'profile.toml'], {
      cwd,
    });
    expect(line).toMatch(/profile\.toml:1:\d+: /);
  });

  it('broken TOML', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'portal.toml'), '[[site]]\nname = "a\n');
    expect(await refusal(['portal', '--config', 'portal.toml'], { cwd })).toMatch(/portal\.toml:2:\d+: /);
  });

  it('an unknown key', async () => {
    const cwd = temporaryFolder();
    writeFileSync(
      join(cwd, 'portal.toml'),
      '[[site]]\nname = "a"\nurl = "https://a.example"\ntoken_fil = "a.token"\n',
    );
    expect(await refusal(['portal', '--config', 'portal.toml'], { cwd })).toMatch(
      /'token_fil'; did you mean 'token_file'\?/,
    );
  });

  it('a port in use', async () => {
    const cwd = temporaryFolder();
    const port = await portInUse();
    writeFileSync(join(cwd, 'tokens'), `${'t'.repeat(43)}\n`);
    const gate = [
      'gate',
      '--listen',
      `127.0.0.1:${port}`,
      '--exporter',
      'http://127.0.0.1:1',
      '--token-file',
      'tokens',
    ];
    expect(await refusal(gate, { cwd })).toMatch(`127.0.0.1:${port}: the port is in use`);
    expect(await refusal(['portal', '--listen', `127.0.0.1:${port}`, '--data', cwd], { cwd })).toMatch(
      `127.0.0.1:${port}: the port is in use`,
    );
  });

  it('a database that is down', async () => {
    const cwd = temporaryFolder();
    const port = await freePort();
    const env = { DATABASE_URL: `postgres://meter:swordfish@127.0.0.1:${port}/meter` };
    const line = await refusal(['portal', '--listen', '127.0.0.1:0', '--data', cwd], { cwd, env });
    expect(line).toContain(`127.0.0.1:${port}`);
    expect(line).not.toContain('swordfish');
  });

  it('plain HTTP beyond loopback', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'tokens'), `${'t'.repeat(43)}\n`);
    const line = await refusal(
      ['gate', '--listen', '0.0.0.0:0', '--exporter', 'http://127.0.0.1:1', '--token-file', 'tokens'],
      { cwd },
    );
    expect(line).toMatch(/--tls-cert.*--unsafe-plain-http/);
  });
});

describeWith(
  ['openstack'],
  'an operator gets one line and exit code 1 from a real Keystone for',
  ({ openstack }) => {
    it('a wrong password', async () => {
      const env = { ...openstackEnvironment(openstack), OS_PASSWORD: 'wrong' };
      const line = await refusal(['exporter', '--listen', '127.0.0.1:0'], { cwd: temporaryFolder(), env });
      expect(line).toMatch(/401|refuse/);
      expect(line).not.toContain('wrong');
    });

    it('an unknown domain', async () => {
      const env = openstackEnvironment(openstack);
      const line = await refusal(['exporter', '--listen', '127.0.0.1:0', '--domain', 'atlantis'], {
        cwd: temporaryFolder(),
        env,
      });
      expect(line).toMatch(/'atlantis'/);
    });
  },
);
