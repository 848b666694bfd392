import type { RequestListener } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/processes.ts';
import { USAGE, startUpstream, startGate, federate, plainText, settableClock } from './harness.ts';

describe('a gate in front of an exporter', () => {
  const NOW = 1_700_000_000_000;
  const usageAt = (instance: string, value: string, timeMs: number) =>
    `# TYPE project_mb_usage untyped\nproject_mb_usage{instance="${instance}",job="project_usages",project_id="1"} ${value} ${timeMs}\n`;

  it('answers like a Prometheus that scrapes the exporter, and gives out only usage', async () => {
    const upstream = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.end('up 1\nproject_mb_usage{project_id="1"} 1.5\nprocess_cpu_seconds_total 3\n');
    });
    const { get: ask, log } = await startGate(
      { source: { kind: 'exporter', url: upstream.url } },
      settableClock(NOW),
    );
    const expected = usageAt(upstream.url.host, '1.5', NOW);
    const plain = await ask(federate(USAGE));
    expect([plain.status, plain.headers['content-type'], plain.text]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      expected,
    ]);
    const packed = await ask(federate(USAGE), { 'accept-encoding': 'gzip' });
    expect([packed.headers['content-encoding'], gunzipSync(packed.body).toString()]).toEqual([
      'gzip',
      expected,
    ]);
    expect((await ask(federate('{job="project_usages",__name__=~".+"}'))).status).toBe(403);
    expect((await ask(federate('project_x_usage{job="project_usages"}'))).text).toBe('');
    await eventually(
      async () => await Promise.resolve(log().split('"msg":"allowed"').length === 4 || undefined),
    );
    expect(log()).not.toContain('"level":"warn"');
  });

  it('asks the exporter once for all requests within five seconds', async () => {
    let scrapes = 0;
    const upstream = await startUpstream((incoming, response) => {
      scrapes++;
      expect(incoming.url).toBe('/metrics');
      response.writeHead(200, plainText).end(`project_mb_usage{project_id="1"} ${scrapes}\n`);
    });
    const clock = settableClock(NOW);
    const { get: ask } = await startGate({ source: { kind: 'exporter', url: upstream.url } }, clock);
    const texts = async () =>
      (await Promise.all([1, 2, 3].map(async () => await ask(federate(USAGE))))).map(({ text }) => text);
    const first = usageAt(upstream.url.host, '1', NOW);
    expect(await texts()).toEqual([first, first, first]);
    clock.set(NOW + 4999);
    expect(await texts()).toEqual([first, first, first]);
    clock.set(NOW + 5000);
    const second = usageAt(upstream.url.host, '2', NOW + 5000);
    expect(await texts()).toEqual([second, second, second]);
  });

  it.each<[string, RequestListener]>([
    ['refuses', (_, response) => void response.writeHead(503).end('project_mb_usage 9\n')],
    [
      'breaks off',
      (_, response) => void response.writeHead(200).write('project_mb_usage 9\n', () => response.destroy()),
    ],
    ['answers nonsense', (_, response) => void response.end('project_mb_usage 9\nproject_mb_usage{\n')],
    [
      'is not in UTF-8',
      (_, response) => void response.end(Buffer.from('project_mb_usage{a="\xff"} 9\n', 'latin1')),
    ],
  ])(
    'keeps the last complete answer, with its times, for five minutes if the exporter %s',
    async (_, failure) => {
      let handler: RequestListener = (__, response) =>
        void response.end('project_mb_usage{project_id="1"} 1\n');
      const upstream = await startUpstream((incoming, response) => handler(incoming, response));
      const clock = settableClock(NOW);
      const { get: ask, log } = await startGate({ source: { kind: 'exporter', url: upstream.url } }, clock);
      const expected = usageAt(upstream.url.host, '1', NOW);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      handler = failure;
      clock.set(NOW + 60_000);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      clock.set(NOW + 300_000);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      clock.set(NOW + 300_001);
      const late = await ask(federate(USAGE));
      expect([late.status, late.text]).toEqual([200, '']);
      expect(log().match(/the exporter does not answer/g)).toHaveLength(1);
    },
  );

  it('answers without series until the exporter has answered once', async () => {
    const { get: ask } = await startGate({});
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});
