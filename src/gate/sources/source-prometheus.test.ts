import { createServer, ServerResponse, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { PrometheusSource } from './source-prometheus.ts';

describe('a Prometheus that is too slow', () => {
  it('makes the gate answer 504', async () => {
    const upstream = createServer(() => undefined);
    const { port } = await listen(upstream, { host: '127.0.0.1', port: 0 });
    onTestFinished(async () => await closeServer(upstream, 0));
    const source = new PrometheusSource(new URL(`http://127.0.0.1:${port}`), {
      maxAnswerBytes: 1000,
      firstByteTimeoutMs: 50,
    });
    onTestFinished(async () => await source.close());
    const response = new ServerResponse({ method: 'GET' } as IncomingMessage);
    const request = { selectors: [], gzip: false, rules: undefined, signal: new AbortController().signal };
    await expect(source.federate(request, response)).rejects.toMatchObject({
      status: 504,
      message: 'the source of usage is too slow',
    });
    expect(response.headersSent).toBe(false);
  });
});
