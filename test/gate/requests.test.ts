import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { temporaryFolder } from '../support/processes.ts';
import { TOKEN, USAGE, startGate, startUpstream, sendRaw, federate, plainText } from './harness.ts';

describe('a gate', () => {
  it('answers each refusal with a status and one line, and never logs the request', async () => {
    const started = await startGate({});
    const { get: ask, log } = started;
    const outcomes: [string, number, string][] = [];
    for (const [path, headers] of [
      ['/metrics', {}],
      ['/healthz', { authorization: '' }],
      [federate(USAGE), { authorization: 'Bearer wrong-token' }],
      [federate(USAGE), { authorization: '' }],
      ['/federate?match[]=up&secret-query=1', {}],
      [federate('{job="secret-job"}'), {}],
      [federate(USAGE, 'up'), {}],
    ] as const) {
      const { status, text } = await ask(path, headers);
      outcomes.push([path.slice(0, 20), status, text]);
    }
    expect(outcomes).toEqual([
      ['/metrics', 404, 'there is nothing here\n'],
      ['/healthz', 200, 'ok\n'],
      ['/federate?match%5B%5', 401, 'the token is not valid\n'],
      ['/federate?match%5B%5', 401, 'a bearer token is needed\n'],
      ['/federate?match[]=up', 400, 'match[] is the only parameter\n'],
      ['/federate?match%5B%5', 403, 'selector 1 is not within what this gate gives out\n'],
      ['/federate?match%5B%5', 403, 'selector 2 is not within what this gate gives out\n'],
    ]);
    expect(log()).toContain('"tokenName":"environment"');
    expect(log()).not.toMatch(/secret|wrong-token|swordfish/);
  });

  it('answers requests in HTTP/1.0, such as from nginx, without chunks, and ends the connection', async () => {
    const { url } = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.write('project_a_usage{job="project_usages"} 1\n');
      response.end('project_b_usage{job="project_usages"} 2\n');
    });
    const started = await startGate({ source: { kind: 'prometheus', url } });
    const ask = async (line: string) =>
      await sendRaw(started, `${line} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    const [head, body] = (await ask(`GET ${federate(USAGE)}`)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close/i);
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(body).toBe('project_a_usage{job="project_usages"} 1\nproject_b_usage{job="project_usages"} 2\n');
    expect(await ask('GET /healthz')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\n$/);
    expect(await ask('HEAD /healthz')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  });

  it('resets the connection if an answer in HTTP/1.0 breaks off, because a plain end would look complete', async () => {
    const { url } = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.write('project_a_usage{job="project_usages"} 1\n', () => response.destroy());
    });
    const started = await startGate({ source: { kind: 'prometheus', url } });
    const bytes = `GET ${federate(USAGE)} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    await expect(sendRaw(started, bytes)).rejects.toThrow('ECONNRESET');
  });

  it('answers an improper request, and ends the connection', async () => {
    const started = await startGate({});
    const host = 'Host: x\r\n';
    const auth = `Authorization: Bearer ${TOKEN}\r\n`;
    const statusOf = async (bytes: string) => Number((await sendRaw(started, bytes)).split(' ')[1]);
    expect(await statusOf('nonsense\r\n\r\n')).toBe(400);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${auth}\r\n`)).toBe(400);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}X: ${'x'.repeat(40_000)}\r\n\r\n`)).toBe(431);
    expect(await statusOf(`GET http://x/federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(404);
    expect(await statusOf(`GET //federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(404);
    expect(await statusOf(`HEAD /federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(405);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}${auth}${auth}Connection: close\r\n\r\n`)).toBe(
      401,
    );
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}${auth}Content-Length: 3\r\n\r\nabc`)).toBe(400);
    expect(await statusOf(`POST /api/v1/read HTTP/1.0\r\n${host}${auth}Content-Length: 0\r\n\r\n`)).toBe(505);
    expect(await statusOf(`HEAD /healthz?x HTTP/1.1\r\n${host}\r\n`)).toBe(404);
    expect(await statusOf(`POST /healthz HTTP/1.1\r\n${host}\r\n`)).toBe(405);
    expect(
      await statusOf(
        `GET /federate HTTP/1.1\r\n${host}${auth}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
    ).toBe(400);
    expect(await sendRaw(started, `CONNECT x:1 HTTP/1.1\r\n${host}\r\n`)).toBe('');
  });

  it('warns at its start if its Node.js accepts requests that no standard allows', async () => {
    const warnings = async (nodeVersion: string) => {
      const { log } = await startGate({}, systemClock, { nodeVersion });
      return (
        log()
          .match(/"level":"warn".*/g)
          ?.join() ?? ''
      );
    };
    expect(await warnings('v20.19.1')).toContain('CVE-2025-23167');
    expect(await warnings('v20.19.2')).toBe('');
  });

  it('reads its tokens again on reload, and keeps the old tokens if the file has an error', async () => {
    const tokenFile = join(temporaryFolder(), 'tokens');
    const line = (token: string) => `${token} sha256:${hashToken(token).toString('hex')}\n`;
    writeFileSync(tokenFile, line('one'));
    const { gate, get: ask } = await startGate({ tokenFile, authToken: undefined });
    const statusWith = async (token: string) =>
      (await ask(federate(USAGE), { authorization: `Bearer ${token}` })).status;
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 401]);
    appendFileSync(tokenFile, line('two'));
    await gate.reload();
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 200]);
    writeFileSync(tokenFile, 'two words\n');
    await expect(gate.reload()).rejects.toThrow(`${tokenFile}:1: `);
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 200]);
  });
});
