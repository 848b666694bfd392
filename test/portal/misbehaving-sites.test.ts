import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SiteRow, UsageRow } from '../../src/portal/api/shapes/answers.ts';
import { createPortal, type Portal } from '../../src/portal/portal.ts';
import type { SiteConfig } from '../../src/portal/settings/settings.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { temporaryFolder } from '../support/processes.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1);
const MIB = 1_048_576;

/** Starts a portal with a clock that only the test moves. */
async function startPortal(sites: readonly SiteConfig[]) {
  const time = { nowMs: START };
  const portal = createPortal(
    {
      listen: { host: '127.0.0.1', port: 0 },
      dataFolder: temporaryFolder(),
      databaseUrl: undefined,
      sites,
      autoSweep: false,
    },
    {
      clock: {
        nowMs: () => time.nowMs,
        // Time passes only where the test says so.
        sleep: async (_durationMs, signal) =>
          await new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
      },
      logger: silentLogger(),
    },
  );
  onTestFinished(async () => await portal.close());
  await portal.start();
  return { portal, time };
}

async function site(name: string, answer: RequestListener): Promise<SiteConfig> {
  const url = await startFakeGate(answer);
  return {
    name,
    url,
    token: 'token',
    ca: undefined,
    intervalMs: 1000,
    timeoutMs: name === 'slow' ? 1000 : 60_000,
    labels: {},
    selectors: ['{job="project_usages"}'],
  };
}

async function read<T>(portal: Portal, path: string): Promise<T> {
  const answer = await fetch(`http://${formatAddress(portal.address)}${path}`);
  return (await answer.json()) as T;
}

const compressed = { ...TEXT_FORMAT, 'content-encoding': 'gzip' };
const comment = `#${'x'.repeat(1022)}\n`;

/** Writes `piece` again and again until `bytes` are written or the reader leaves; reports the bytes so far. */
function pour(response: ServerResponse, piece: Buffer, bytes: number, report: (bytes: number) => void): void {
  let written = 0;
  const more = (): void => {
    while (written < bytes && !response.destroyed) {
      written += piece.length;
      report(written);
      if (!response.write(piece)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}

describe('a portal with sites that misbehave', () => {
  it('counts the usage of good sites exactly, and shows an error for each other site', async () => {
    let poured = 0;
    const usageAt: RequestListener = (_request, response) => {
      const hours = (time.nowMs - START) / HOUR;
      response
        .writeHead(200, TEXT_FORMAT)
        .end(usageLine('p', 100 + 2.5 * hours, time.nowMs) + usageLine('q', 7, time.nowMs, 'mb'));
    };
    const notNumbers: RequestListener = (_request, response) => {
      const good = usageLine('p', 10 + (time.nowMs - START) / HOUR, time.nowMs);
      const bad = ['NaN', '+Inf', '-1'].map((value, index) => usageLine(`bad-${index}`, value, time.nowMs));
      response.writeHead(200, TEXT_FORMAT).end(good + bad.join('') + 'some_other_metric 1\n');
    };
    const bomb = gzipSync(comment.repeat(16 * 1024));
    const handlers: Record<string, RequestListener> = {
      good: usageAt,
      'not-numbers': notNumbers,
      slow: (_request, response) => void response.writeHead(200, TEXT_FORMAT).write(usageLine('p', 1, START)),
      denied: (_request, response) => void response.writeHead(401).end(),
      broken: (_request, response) => void response.writeHead(500).end('out of order'),
      truncated: (_request, response) =>
        void response.writeHead(200, compressed).end(gzipSync(usageLine('p', 1, START)).subarray(0, 40)),
      bomb: (_request, response) => {
        response.writeHead(200, compressed);
        pour(response, bomb, 64 * bomb.length, () => undefined);
      },
      huge: (_request, response) => {
        response.writeHead(200, TEXT_FORMAT);
        pour(response, Buffer.from(comment.repeat(1024)), 1024 * MIB, (bytes) => (poured = bytes));
      },
    };
    const sites = await Promise.all(
      Object.entries(handlers).map(async ([name, answer]) => await site(name, answer)),
    );
    const { portal, time } = await startPortal(sites);

    await portal.sweep();
    time.nowMs = START + 4 * HOUR;
    await portal.sweep();

    const { data } = await read<{ data: SiteRow[] }>(portal, '/api/v1/sites');
    expect(Object.fromEntries(data.map(({ name, last_error }) => [name, last_error]))).toEqual({
      good: null,
      'not-numbers': expect.stringMatching(
        /^series were refused: not a number \(1, such as project_vcpu_usage.*bad-0.*; an infinite total \(1, .*; a negative total \(1, /,
      ),
      slow: 'no complete answer within 1 s',
      denied: 'the gate refuses the token (401): renew it on both sides',
      broken: 'the gate answers 500: out of order',
      truncated: 'the compressed answer broke off before it was complete',
      bomb: 'the answer is larger than 256 MiB decompressed',
      huge: 'the answer is larger than 64 MiB on the wire',
    });
    expect(poured).toBeLessThan(128 * MIB);
    expect(data.find(({ name }) => name === 'not-numbers')?.refused_series).toBeGreaterThan(0);

    const usage = await read<{ data: UsageRow[] }>(
      portal,
      '/api/v1/usage?from=2026-03-01&by=site,project,resource',
    );
    expect(
      usage.data.map(({ site: name, project_id, resource, amount }) => [name, project_id, resource, amount]),
    ).toEqual([
      ['good', 'p', 'vcpu', 10],
      ['not-numbers', 'p', 'vcpu', 4],
    ]);
  });

  it('folds nothing of an answer that breaks off, and everything of the next answer', async () => {
    let breaks = false;
    const { portal, time } = await startPortal([
      await site('a', (_request, response) => {
        const hours = (time.nowMs - START) / HOUR;
        response.writeHead(200, TEXT_FORMAT);
        response.write(usageLine('p', 3 * hours, time.nowMs), () => {
          if (breaks) response.destroy();
          else response.end(usageLine('q', hours, time.nowMs));
        });
      }),
    ]);
    const totals = async () => {
      const { data } = await read<{ data: UsageRow[] }>(
        portal,
        '/api/v1/usage?from=2026-03-01&to=2026-03-02',
      );
      return data.map(({ project_id, amount }) => [project_id, amount]);
    };
    await portal.sweep();
    time.nowMs = START + HOUR;
    breaks = true;
    await portal.sweep();
    expect(await totals()).toEqual([]);
    time.nowMs = START + 2 * HOUR;
    breaks = false;
    await portal.sweep();
    expect(await totals()).toEqual([
      ['p', 6],
      ['q', 2],
    ]);
  });
});
