import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../runtime/clock.ts';
import { closeServer, listen } from '../../../runtime/http/listen.ts';
import { DirectConnections } from './direct-connections.ts';
import { httpClient, type HttpOptions, type RequestObservation } from './http.ts';

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return new URL(`http://127.0.0.1:${port}/v3/things`);
}

function http(options: Partial<HttpOptions> = {}) {
  const connections = new DirectConnections();
  onTestFinished(() => connections.destroy());
  return httpClient({
    clock: systemClock,
    connections,
    timeoutMs: 300_000,
    maxBodyBytes: 1000,
    retries: 0,
    firstRetryDelayMs: 1,
    ...options,
  });
}

const get = (url: URL) => ({ service: 'Nova', method: 'GET', url }) as const;

describe('a request for JSON', () => {
  it('is answered with status, headers, body and the date of the server', async () => {
    const url = await serve((_, response) => {
      response
        .setHeader('date', 'Thu, 01 Jan 2026 12:00:00 GMT')
        .setHeader('x-subject-token', 't')
        .end('{"a":1}');
    });
    const { status, headers, body, timing } = await http()(get(url));
    expect([status, headers['x-subject-token'], body, timing.dateMs]).toEqual([
      200,
      't',
      { a: 1 },
      Date.UTC(2026, 0, 1, 12),
    ]);
  });

  it('returns answers of 4xx, with a body or without', async () => {
    const url = await serve((_, response) => response.writeHead(403).end('<html>'));
    expect(await http()(get(url))).toMatchObject({ status: 403, body: undefined });
  });

  it('fails if the body is not JSON', async () => {
    const url = await serve((_, response) => response.end('{"servers": [1, 2'));
    await expect(http()(get(url))).rejects.toThrow(
      'Nova answers GET /v3/things with a body that is not complete JSON',
    );
  });

  it.each([301, 302, 303, 305, 307, 308])(
    'follows a redirect %i with method, token and body',
    async (status) => {
      const seen: string[] = [];
      const url = await serve((incoming, response) => {
        const first = incoming.url === '/v3/things';
        let body = '';
        incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
        incoming.on('end', () => {
          seen.push([incoming.method, incoming.url, incoming.headers['x-auth-token'], body].join(' '));
          if (first) response.writeHead(status, { location: '/v3/others' }).end('<html>');
          else response.end('{"a":1}');
        });
      });
      const asked = {
        service: 'Nova',
        method: 'POST',
        url,
        headers: { 'x-auth-token': 't' },
        body: [1],
      } as const;
      expect(await http()(asked)).toMatchObject({ status: 200, body: { a: 1 } });
      expect(seen).toEqual(['POST /v3/things t [1]', 'POST /v3/others t [1]']);
    },
  );

  it('fails if redirects do not end, and is not tried again', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.writeHead(301, { location: '/v3/things' }).end();
    });
    await expect(http({ retries: 2 })(get(url))).rejects.toThrow('the 31st redirect in a row');
    expect(requests).toBe(31);
  });

  it('fails if the body breaks off', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{}');
      setImmediate(() => response.destroy());
    });
    await expect(http()(get(url))).rejects.toThrow(/^Nova at .*\/v3\/things does not answer: /);
  });

  it('fails if the body is larger than allowed', async () => {
    const url = await serve((_, response) => response.end(JSON.stringify('x'.repeat(2000))));
    await expect(http()(get(url))).rejects.toThrow('the answer of Nova is larger than 1000 bytes');
  });

  it('fails if no answer comes in time', async () => {
    const url = await serve(() => undefined);
    await expect(http({ timeoutMs: 50 })(get(url))).rejects.toThrow('no complete answer within 0.05 s');
  });

  it('is tried again after 429, 5xx and broken connections, and each attempt is observed', async () => {
    const answers = [429, 503, 'break', 200];
    const seen: RequestObservation[] = [];
    const url = await serve((request, response) => {
      const answer = answers.shift();
      if (answer === 'break') request.socket.destroy();
      else response.writeHead(Number(answer)).end('{}');
    });
    const { status } = await http({ retries: 3, observe: (found) => seen.push(found) })(get(url));
    expect(status).toBe(200);
    expect(seen.map(({ service, failed }) => [service, failed])).toEqual([
      ['Nova', true],
      ['Nova', true],
      ['Nova', true],
      ['Nova', false],
    ]);
  });

  it('is given up after its attempts, with the last answer', async () => {
    let attempts = 0;
    const url = await serve((_, response) => {
      attempts += 1;
      response.writeHead(503).end();
    });
    await expect(http({ retries: 1 })(get(url))).rejects.toThrow(
      /^Nova answers 503 to GET http:.*\/v3\/things$/,
    );
    expect(attempts).toBe(2);
  });
});
