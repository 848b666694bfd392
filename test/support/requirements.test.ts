import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { freePort, startProgram, temporaryFolder } from './processes.ts';

const requirements = pathToFileURL(join(import.meta.dirname, 'requirements.mjs')).href;

/** The results of two calls of `find('openstack')` in another process, with an openrc that names this Keystone. */
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

/** A Keystone that answers with this status, and the paths of its requests. */
async function keystone(status: number) {
  const requests: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    response.writeHead(status).end('{}');
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return { port, requests };
}

describe('the OpenStack that tests need', () => {
  it('is found if its Keystone answers, and Keystone is asked only once', async () => {
    const { port, requests } = await keystone(200);
    expect([await found(port), requests]).toEqual(['openrc,openrc', ['/v3']]);
  });

  it('is not found if Keystone does not answer or answers with an error, although the openrc exists', async () => {
    expect(await found(await freePort())).toBe('undefined,undefined');
    const { port, requests } = await keystone(503);
    expect([await found(port), requests]).toEqual(['undefined,undefined', ['/v3']]);
  });
});
