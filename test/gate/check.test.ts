import { expect, it } from 'vitest';
import { checkGate } from '../../src/gate/check.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { LOOPBACK, startUpstream, TOKEN } from './harness.ts';

const METRICS = `project_vcpu_usage{project_id="a",project_name="a"} 1
project_vcpu_usage{project_id="b",project_name="b"} 2
`;

async function check(source: { kind: 'prometheus' | 'exporter'; url: URL }, selectors?: readonly string[]) {
  const config = { listen: LOOPBACK, authToken: TOKEN, source, selectors };
  return await checkGate(config, { clock: systemClock });
}

/** The last line, without the address of the source. */
function lastLine(lines: readonly string[]): string | undefined {
  return lines.at(-1)?.replace(/http:\S+/, 'URL');
}

it('is ready if the source has usage that the policy gives out', async () => {
  const { url } = await startUpstream((_request, response) => void response.end(METRICS));
  const checked = await check({ kind: 'exporter', url });
  expect(checked).toEqual([
    'tokens    1 token: environment',
    'TLS       none: a TLS proxy must stand in front',
    `source    the exporter at ${url.href}: 2 series of 2 projects, by an exporter that does not state its version`,
    'ready     start the gate without --check',
  ]);
  expect((await check({ kind: 'exporter', url }, ['{job="project_usages",project_id="b"}']))[2]).toBe(
    `source    the exporter at ${url.href}: 1 series of 1 project, by an exporter that does not state its version`,
  );
});

it('names the one next step if the source does not answer, refuses, or has no usage', async () => {
  const empty = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end();
  });
  const wrong = await startUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('up 1\n');
  });
  const refusing = await startUpstream((_request, response) => void response.writeHead(503).end('not yet'));
  const gone = { url: new URL('http://127.0.0.1:1') };
  const of = async (kind: 'prometheus' | 'exporter', { url }: { url: URL }) => {
    return lastLine(await check({ kind, url }));
  };
  expect(await of('exporter', empty)).toBe(
    'next      the exporter at URL shows no usage yet: wait for its first refresh',
  );
  expect(await of('exporter', refusing)).toBe(
    'next      the exporter at URL must answer first: the exporter answers 503',
  );
  expect(await of('exporter', gone)).toMatch(
    /^next {6}the exporter at URL must answer first: connect ECONNREFUSED/,
  );
  expect(await of('prometheus', empty)).toBe(
    'next      Prometheus at URL has no usage: scrape the exporter under job_name: project_usages, and wait for a scrape',
  );
  expect(await of('prometheus', wrong)).toMatch(/^next {6}Prometheus at URL must answer first: ./);
  expect(await of('prometheus', refusing)).toMatch(/^next {6}Prometheus at URL must answer first: .*503/);
  expect(await of('prometheus', gone)).toMatch(/^next {6}Prometheus at URL must answer first: connect/);
});
