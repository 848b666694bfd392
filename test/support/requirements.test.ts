import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { freePort, startProgram, temporaryFolder } from './processes.ts';

const requirements = pathToFileURL(join(import.meta.dirname, 'requirements.mjs')).href;

/** What a process of its own finds where the openrc of a test cloud has this Keystone, asked twice. */
async function found(port: number): Promise<string> {
  const lab = temporaryFolder();
  writeFileSync(join(lab, 'openrc'), `OS_USERNAME=admin\nOS_AUTH_URL=http://127.0.0.1:${port}/v3\n`);
  const code = `import { find } from ${JSON.stringify(requirements)}; console.log([find('openstack'), find('openstack')].map(String).join());`;
  const program = startProgram(process.execPath, ['--input-type=module', '--eval', code], {
    env: { OPENSTACK_LAB: lab },
  });
  await program.exited;
  return program.output().trim().replaceAll(join(lab, 'openrc'), 'openrc');
}

/** A Keystone that answers with this status; how often it was asked. */
async function keystone(status: number) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end('{}');
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return { port, asked };
}

describe('an OpenStack that tests need', () => {
  it('is there where its Keystone answers, which is asked once', async () => {
    const { port, asked } = await keystone(200);
    expect([await found(port), asked]).toEqual(['openrc,openrc', ['/v3']]);
  });

  it('is not there where it is stopped and has left its openrc, or where Keystone answers with an error', async () => {
    expect(await found(await freePort())).toBe('undefined,undefined');
    const { port, asked } = await keystone(503);
    expect([await found(port), asked]).toEqual(['undefined,undefined', ['/v3']]);
  });
});
