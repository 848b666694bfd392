import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { createLogger } from '../runtime/logger.ts';
import { AnswerError } from './answers/answer-error.ts';
import { requestHandler } from './handler.ts';
import { createGateMetrics } from './metrics.ts';
import { parsePolicy } from './policy.ts';
import type { GateToken } from './settings/gate-tokens.ts';
import { type Source, UpstreamFailure } from './sources/source.ts';
import { Limiter } from './tokens/limits.ts';
import { hashToken } from './tokens/tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = 'swordfish-swordfish';
const FEDERATE = '/federate?match%5B%5D=project_mb_usage';
const token: GateToken = {
  name: 'portal',
  hash: hashToken(SECRET),
  expiresMs: undefined,
  policy: parsePolicy(['{__name__=~"project_.*_usage"}']),
  limits: { requestsPerMinute: 600, concurrency: 1 },
};

/** A connection without a network. It keeps the bytes that are written to it. */
class Connection extends Duplex {
  readonly remoteAddress = '192.0.2.7';
  bytesWritten = 0;
  written = '';
  override _read() {}
  override _write(bytes: Buffer, _: string, done: () => void) {
    this.bytesWritten += bytes.length;
    this.written += bytes.toString('latin1');
    done();
  }
}

const answers = (...lines: string[]): Source => ({
  federate: async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    for (const line of lines) response.write(line);
    await new Promise<void>((resolve) => response.end(resolve));
  },
  close: async () => await Promise.resolve(),
});

const breaks = (reason: Error, afterBytes = ''): Source => ({
  federate: async (_, response) => {
    if (afterBytes !== '') response.writeHead(200).write(afterBytes);
    await Promise.resolve();
    throw reason;
  },
  close: async () => await Promise.resolve(),
});

function startHandler(source: Source) {
  const lines: string[] = [];
  const destination = new Writable({
    write: (line: Buffer, _, done) => {
      lines.push(line.toString());
      done();
    },
  });
  const metrics = createGateMetrics();
  const clock = { ...systemClock, nowMs: () => NOW };
  const handler = requestHandler({
    source,
    tokens: () => [token],
    limiter: new Limiter(clock),
    metrics,
    clock,
    logger: createLogger({ destination, pretty: false }),
    checkAnswers: () => true,
    answerLimits: { timeoutMs: 60_000, maxBytes: 1_000_000 },
  });
  const ask = async (url: string, secret = SECRET, method = 'GET') => {
    const connection = new Connection();
    const request = new IncomingMessage(connection as unknown as Socket);
    const rawHeaders = ['Authorization', `Bearer ${secret}`];
    Object.assign(request, {
      method,
      url,
      httpVersion: '1.1',
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      rawHeaders,
    });
    const response = new ServerResponse(request);
    response.sendDate = false;
    response.assignSocket(connection as unknown as Socket);
    await handler(request, response);
    return { answer: connection.written, broken: response.destroyed && !response.writableFinished };
  };
  return {
    ask,
    log: () => lines.map(withoutTime),
    counted: async () => countsOf(await metrics.registry.metrics()),
  };
}

function withoutTime(line: string): unknown {
  const { time: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
  return rest;
}

/** The samples that are not zero. */
function countsOf(exposition: string): string[] {
  return exposition.split('\n').filter((line) => /^stackmeter_gate_\S+ [^0]/.test(line));
}

describe('the handler', () => {
  it('answers an allowed request from the source, and counts it by the name of its token', async () => {
    const { ask, log, counted } = startHandler(answers('project_mb_usage 1\n'));
    const { answer, broken } = await ask(FEDERATE);
    expect(broken).toBe(false);
    expect(answer).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\n[^]*\r\n\r\n13\r\nproject_mb_usage 1\n\r\n0\r\n\r\n$/,
    );
    const bytes = answer.length;
    expect(log()).toEqual([
      {
        level: 'info',
        from: '192.0.2.7',
        method: 'GET',
        route: 'federate',
        tokenName: 'portal',
        selectors: 1,
        bytes,
        durationMs: 0,
        decision: 'allowed',
        msg: 'allowed',
      },
    ]);
    expect(await counted()).toEqual([
      'stackmeter_gate_decisions_total{token="portal",result="allowed",reason=""} 1',
      `stackmeter_gate_answer_bytes_total{token="portal"} ${bytes}`,
    ]);
  });

  it('sends one line to a refused client, and the reason to the log', async () => {
    const { ask, log, counted } = startHandler(answers());
    expect((await ask(FEDERATE, 'guess')).answer).toBe(
      'HTTP/1.1 401 Unauthorized\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 23\r\n' +
        'cache-control: no-store\r\nwww-authenticate: Bearer\r\nConnection: keep-alive\r\n\r\nthe token is not valid\n',
    );
    expect(log()).toMatchObject([
      { decision: 'denied', reason: 'token', status: 401, why: 'the token is not valid', msg: 'denied' },
    ]);
    expect(JSON.stringify(log())).not.toContain('guess');
    expect(await counted()).toContain(
      'stackmeter_gate_decisions_total{token="",result="denied",reason="token"} 1',
    );
  });

  it('ends the connection after an invalid request', async () => {
    const { ask } = startHandler(answers());
    expect((await ask('/', SECRET, 'POST')).answer).toBe(
      'HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\n' +
        'cache-control: no-store\r\nconnection: close\r\n\r\nthere is nothing here\n',
    );
  });

  it('does not log health checks', async () => {
    const { ask, log, counted } = startHandler(answers());
    expect((await ask('/healthz', '')).answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\n$/);
    expect([log(), await counted()]).toEqual([[], []]);
  });

  it('tells only the log why a source has failed', async () => {
    const { ask, log, counted } = startHandler(
      breaks(new UpstreamFailure(502, new Error('refused by 10.0.0.1'))),
    );
    expect((await ask(FEDERATE)).answer).toMatch(
      /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*\r\n\r\nthe source of usage is out of order\n$/,
    );
    expect(log()).toMatchObject([
      {
        decision: 'failed',
        reason: 'upstream',
        status: 502,
        why: 'refused by 10.0.0.1',
        msg: 'an answer failed',
      },
    ]);
    expect(await counted()).toContain('stackmeter_gate_upstream_errors_total{status="502"} 1');
  });

  it('answers 500 for an unknown error, and says no more', async () => {
    const { ask, log } = startHandler(breaks(new Error('a secret of the code')));
    expect((await ask(FEDERATE)).answer).toMatch(/^HTTP\/1\.1 500 [^]*\r\n\r\nthe gate is out of order\n$/);
    expect(log()).toMatchObject([{ decision: 'failed', reason: 'fault', why: 'a secret of the code' }]);
  });

  it.each([
    ['upstream', new Error('cut')],
    ['answer', new AnswerError('cut')],
  ])(
    'breaks off an answer that fails after its start, so that it never looks complete (%s)',
    async (reason, error) => {
      const { ask, log } = startHandler(breaks(error, 'project_mb_usage 1\n'));
      const { answer, broken } = await ask(FEDERATE);
      expect(broken).toBe(true);
      expect(answer).not.toContain('\r\n0\r\n');
      expect(log()).toMatchObject([{ decision: 'failed', reason, msg: 'an answer broke off' }]);
    },
  );

  it('frees the place of a failed answer for the next answer of its token', async () => {
    const { ask } = startHandler(breaks(new UpstreamFailure(504, undefined)));
    const statuses: string[] = [];
    for (let count = 0; count < 3; count++) statuses.push((await ask(FEDERATE)).answer.slice(9, 12));
    expect(statuses).toEqual(['504', '504', '504']);
  });

  it('refuses a second answer at the same time if a token may have only one', async () => {
    let end = () => {};
    const waiting: Source = {
      federate: async (_, response) => {
        await new Promise<void>((resolve) => (end = resolve));
        response.end();
      },
      close: async () => await Promise.resolve(),
    };
    const { ask } = startHandler(waiting);
    const first = ask(FEDERATE);
    expect((await ask(FEDERATE)).answer).toMatch(
      /^HTTP\/1\.1 429 [^]*retry-after: 1\r\n[^]*at the same time\n$/,
    );
    end();
    await first;
  });
});
