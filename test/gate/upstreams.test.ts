import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { federate, plainText, startGate, startUpstream, USAGE } from './harness.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { eventually } from '../support/processes.ts';

const LINE = 'project_mb_usage{job="project_usages"} 1\n';

async function askOf(handler: RequestListener, unsafeUncheckedAnswers: boolean, timeoutMs = 700) {
  const { url } = await startUpstream(handler);
  const started = await startGate(
    { source: { kind: 'prometheus', url }, unsafeUncheckedAnswers },
    systemClock,
    { answerLimits: { timeoutMs, maxBytes: 5_000_000 } },
  );
  return { ...started, answer: async () => await started.get(federate(USAGE)) };
}

/** Sends without end, as fast as the gate reads. */
const endless: RequestListener = (_, response) => {
  response.writeHead(200, plainText);
  const piece = LINE.repeat(1000);
  const more = () => {
    while (!response.destroyed && response.write(piece));
    response.once('drain', more);
  };
  response.on('error', () => undefined);
  more();
};

const dripping: RequestListener = (_, response) => {
  response.writeHead(200, plainText);
  const timer = setInterval(() => response.write(LINE), 20);
  response.on('close', () => clearInterval(timer));
};

describe.each([
  ['checked', false],
  ['not checked', true],
])('an answer that is %s', (_, unchecked) => {
  it.each([
    ['drips without end', dripping],
    ['grows without end', endless],
  ])('is broken off if it %s', async (__, handler) => {
    const { answer, log } = await askOf(handler, unchecked);
    const { complete, body } = await answer();
    expect(complete).toBe(false);
    expect(body.length).toBeGreaterThan(0);
    expect(body.length).toBeLessThan(1_000_000_000);
    await eventually(
      async () =>
        await Promise.resolve(/the answer (?:took too long|grew too large)/.test(log()) || undefined),
    );
  });

  it('is 502 if it announces more bytes than the gate accepts', async () => {
    const { answer, log } = await askOf((__, response) => {
      response.writeHead(200, { ...plainText, 'content-length': '5000001' });
      response.write(LINE);
    }, unchecked);
    expect(await answer()).toMatchObject({ status: 502, text: 'the source of usage is out of order\n' });
    expect(log()).toContain('Prometheus answered with 5000001 bytes, which is too much');
  });

  it('is 502 or 504 if it never starts', async () => {
    const { answer } = await askOf(() => undefined, unchecked);
    expect([502, 504]).toContain((await answer()).status);
  });
});

describe('simultaneous answers', () => {
  it('are limited for each token', async () => {
    // Every answer stays open until two requests are refused.
    const open: ServerResponse[] = [];
    let refused = 0;
    const endAll = () => {
      if (refused === 2) for (const response of open.splice(0)) response.end();
    };
    const { get, log } = await askOf(
      (_, response) => {
        open.push(response.writeHead(200, plainText));
        response.write(LINE);
        endAll();
      },
      false,
      60_000,
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const answer = await get(federate(USAGE));
        if (answer.status === 429) refused += 1;
        endAll();
        return answer;
      }),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      ...Array.from({ length: 8 }, () => 200),
      429,
      429,
    ]);
    expect(answers.find(({ status }) => status === 429)?.headers['retry-after']).toBe('1');
    expect(log()).toContain('"reason":"concurrency"');
  });
});
