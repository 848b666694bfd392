import { decodeReadResponse } from '../support/read-response.ts';
import { expect, it } from 'vitest';
import { encodeReadRequest, type ReadQuery } from '../../src/prometheus/remote/remote-read.ts';
import { parseSelector } from '../../src/prometheus/selectors/selectors.ts';
import { bareToken } from '../../src/gate/tokens/token-file.ts';
import { describeWith } from '../support/describe-with.ts';
import { federate, get, startGate, TOKEN, USAGE } from './harness.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startSeeded, writeUsage } from '../support/seeded-prometheus.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OTHER_TOKEN = 'sawfish-sawfish-sawfish-sawfish-sawfish-saw';
/** Together they ask for a year of all usage eighty times. */
const [ATTACKERS, YEARS] = [8, 10];
const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const past = {
  endMs,
  series: 200,
  days: 365,
  sampleAt: (series: number, atMs: number) => series + atMs / HOUR_MS + (atMs % DAY_MS) * 1.37e-3,
};

async function read(url: string, query: ReadQuery, times = 1) {
  const response = await fetch(`${url}/api/v1/read`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
    },
    body: encodeReadRequest(Array.from({ length: times }, () => query)),
  });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
}

/** The series with their samples, as sorted lines. */
async function samplesOf(url: string, query: ReadQuery) {
  const [series = []] = decodeReadResponse((await read(url, query)).body, 100_000_000);
  const lines = series.map(({ name, labels, samples }) => JSON.stringify([name, labels, samples]));
  return lines.filter((line) => !line.endsWith(',[]]')).sort();
}

describeWith(['prometheus'], 'a gate in front of a Prometheus with a year of usage', ({ prometheus }) => {
  it('gives the same samples as Prometheus itself, and costs Prometheus little under many requests', async () => {
    const site = await startSeeded(prometheus, temporaryFolder(), past);
    const { gate } = await startGate({
      source: { kind: 'prometheus', url: new URL(site.url) },
      tokens: [otherToken()],
    });
    const url = `http://127.0.0.1:${gate.address.port}`;
    const five = parseSelector('{job="project_usages",__name__=~"project_.*_usage",project_id=~"p1?[0-4]"}');
    const query = (startMs: number, toMs: number) => ({ startMs, endMs: toMs, matchers: five });
    for (const range of [
      query(endMs - 365 * DAY_MS, endMs),
      query(endMs - 100 * DAY_MS + 1, endMs - 40 * DAY_MS - 1),
      query(endMs - 62 * DAY_MS, endMs - 31 * DAY_MS),
      query(endMs - 5 * HOUR_MS, endMs + DAY_MS),
      query(endMs - DAY_MS, endMs - DAY_MS),
      query(endMs - DAY_MS + 1, endMs - DAY_MS + 2),
      query(1, DAY_MS),
    ])
      expect(await samplesOf(url, range)).toEqual(await samplesOf(site.url, range));

    const honest = async () => {
      await writeUsage(site, past, [Date.now()]);
      const { status, text } = await get(`${url}${federate(USAGE)}`, {
        authorization: `Bearer ${OTHER_TOKEN}`,
      });
      expect([status, text.match(/^project_vcpu_usage/gm)?.length]).toEqual([200, past.series]);
    };
    await honest();
    const [baseMb, baseCpuMs] = [site.peakMb(), site.cpuMs()];
    const year = { startMs: endMs - 365 * DAY_MS, endMs, matchers: parseSelector(USAGE) };
    const attacks = Promise.all(
      Array.from({ length: ATTACKERS }, async () => (await read(url, year, YEARS)).status),
    );
    for (let times = 0; times < 4; times += 1) await honest();
    expect(await attacks).toEqual(Array.from({ length: ATTACKERS }, () => 413));
    const attackedCpuMs = site.cpuMs();
    expect(site.peakMb()).toBeLessThan(baseMb + 200);
    await read(site.url, year);
    const yearCpuMs = site.cpuMs() - attackedCpuMs;
    expect(attackedCpuMs - baseCpuMs).toBeLessThan((ATTACKERS * YEARS * yearCpuMs) / 4);
  });
});

function otherToken() {
  const { name, hash, expiresMs } = bareToken('other', OTHER_TOKEN);
  const none = { selectors: undefined, dropLabels: [], hashLabels: [], limits: {} };
  return { name, hash, expiresMs, ...none, addresses: undefined, certificate: undefined };
}
