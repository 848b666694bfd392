import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { makeSelfSigned } from '../../src/gate/settings/self-signed.ts';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { federate, LOOPBACK, USAGE } from './harness.ts';
import { freePort, startStackmeter, temporaryFolder } from '../support/processes.ts';

/** Starts a gate as a process; returns functions that change its files. */
async function startProcess() {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  const certify = async () => {
    const { cert, key } = await makeSelfSigned(LOOPBACK.host, Date.now());
    writeFileSync(file('cert.pem'), cert);
    writeFileSync(file('key.pem'), key as string);
    return new X509Certificate(cert).fingerprint256;
  };
  const allow = (...tokens: string[]) =>
    writeFileSync(
      file('tokens'),
      tokens.map((token) => `${token} sha256:${hashToken(token).toString('hex')}\n`).join(''),
    );
  const fingerprint = await certify();
  allow('old');
  const metricsPort = await freePort();
  const args = ['gate', '--listen', '127.0.0.1:0', '--exporter', 'http://127.0.0.1:1'];
  args.push('--token-file', file('tokens'), '--tls-cert', file('cert.pem'), '--tls-key', file('key.pem'));
  const running = startStackmeter([...args, '--metrics-listen', `127.0.0.1:${metricsPort}`]);
  onTestFinished(async () => void (await running.stop()));
  const [, port] = await running.waitFor(/gate listening on 127\.0\.0\.1:(\d+)/);
  const metrics = async () => await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return { running, url: `https://127.0.0.1:${port}`, file, certify, allow, fingerprint, metrics };
}

/** Federates on a connection of the agent; returns the status and the fingerprint of the gate's certificate. */
async function ask(url: string, token: string, agent: Agent): Promise<[status: number, fingerprint: string]> {
  const headers = { authorization: `Bearer ${token}` };
  return await new Promise((resolve, reject) => {
    request(`${url}${federate(USAGE)}`, { agent, headers, rejectUnauthorized: false }, (incoming) => {
      const shown = (incoming.socket as TLSSocket).getPeerCertificate().fingerprint256;
      incoming.resume().on('end', () => resolve([incoming.statusCode ?? 0, shown]));
    })
      .on('error', reject)
      .end();
  });
}

const keptConnection = () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
};

it('SIGHUP gives a gate new tokens and a new certificate without dropping connections; a bad reload changes nothing', async () => {
  const { running, url, file, certify, allow, fingerprint, metrics } = await startProcess();
  const hangUp = async (message: RegExp) => {
    running.send('SIGHUP');
    await running.waitFor(message);
  };
  const [before, after] = [keptConnection(), keptConnection()];
  expect(await ask(url, 'old', before)).toEqual([200, fingerprint]);
  expect(await ask(url, 'new', before)).toEqual([401, fingerprint]);

  allow('old', 'new');
  const renewed = await certify();
  await hangUp(/"msg":"configuration reloaded"/);
  expect(await ask(url, 'new', before)).toEqual([200, fingerprint]);
  expect(await ask(url, 'new', after)).toEqual([200, renewed]);
  expect(await metrics()).toMatch(/^stackmeter_gate_reload_success 1$/m);

  writeFileSync(file('tokens'), 'two words\n');
  await hangUp(/"reason":"[^"]*tokens:1: [^"]*","msg":"reload failed, the old configuration stays in force"/);
  expect(await ask(url, 'old', before)).toEqual([200, fingerprint]);
  expect(await ask(url, 'new', after)).toEqual([200, renewed]);
  expect(await metrics()).toMatch(/^stackmeter_gate_reload_success 0$/m);
  expect(await running.stop()).toBe(0);
});
