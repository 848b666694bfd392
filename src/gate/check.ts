import { Writable } from 'node:stream';
import { parseExposition } from '../prometheus/text-format/text-format-parser.ts';
import { SERVER_SELECTORS, USAGE_JOB, USAGE_SELECTORS } from '../prometheus/usage-metrics.ts';
import { UsageView } from '../prometheus/usage-view.ts';
import type { Clock } from '../runtime/clock.ts';
import { counted } from '../runtime/counted.ts';
import { createLogger } from '../runtime/logger.ts';
import { describeError } from '../runtime/user-error.ts';
import { createGate } from './server.ts';
import type { GateConfig } from './settings/config.ts';
import { checkLiveConfig, readLiveConfig, type LiveConfig } from './settings/live-config.ts';
import { newToken } from './tokens/tokens.ts';

/**
 * Reads all files of a configuration and asks the source once, as a portal would. Returns lines for a person; the last one
 * begins with `ready` or with `next`, the one thing to do. Throws `UserError` for a configuration that must not be served.
 */
export async function checkGate(config: GateConfig, { clock }: { clock: Clock }): Promise<string[]> {
  await checkLiveConfig(config, clock.nowMs());
  const facts = describeFiles(await readLiveConfig(config, clock.nowMs()));
  const { status, text, reason } = await askOnce(config, clock);
  const source = config.source.kind === 'prometheus' ? 'Prometheus' : 'the exporter';
  const where = `${source} at ${config.source.url.href}`;
  if (status !== 200 || reason !== undefined)
    return next(facts, `${where} must answer first: ${reason ?? `HTTP ${status}`}`);
  const view = new UsageView();
  for (const sample of parseExposition(text)) view.add(sample);
  if (view.isEmpty) return next(facts, withoutUsage(config, where));
  return [
    ...facts,
    `source    ${where}: ${view.words(clock.nowMs())}`,
    'ready     start the gate without --check',
  ];
}

function next(facts: readonly string[], what: string): string[] {
  return [...facts, `next      ${what}`];
}

function withoutUsage({ source }: GateConfig, where: string): string {
  return source.kind === 'exporter'
    ? `${where} shows no usage yet: wait for its first refresh`
    : `${where} has no usage: scrape the exporter under job_name: ${USAGE_JOB}, and wait for a scrape`;
}

function describeFiles({ tokens, certificate }: LiveConfig): string[] {
  const named = tokens.map(({ name, expiresMs }) =>
    expiresMs === undefined ? name : `${name} until ${new Date(expiresMs).toISOString()}`,
  );
  return [
    `tokens    ${counted(tokens.length, 'token')}: ${named.join(', ')}`,
    certificate === undefined
      ? 'TLS       none: a TLS proxy must stand in front'
      : `TLS       until ${new Date(certificate.expiresMs).toISOString()}, fingerprint ${certificate.fingerprint}`,
  ];
}

interface Answer {
  status: number;
  text: string;
  /** Why the source failed, as the log of a gate says it. */
  reason: string | undefined;
}

/** Asks a gate of the same source and policy, which serves on loopback for this one question. */
async function askOnce(config: GateConfig, clock: Clock): Promise<Answer> {
  const token = newToken();
  const reasons: string[] = [];
  const gate = createGate(
    {
      ...config,
      listen: { host: '127.0.0.1', port: 0 },
      tls: undefined,
      selfSigned: false,
      metricsListen: undefined,
      tokens: [],
      tokenFile: undefined,
      authToken: token,
    },
    { clock, logger: createLogger({ level: 'warn', destination: reasonsInto(reasons), pretty: false }) },
  );
  try {
    await gate.start();
    const response = await fetch(
      `http://127.0.0.1:${gate.address.port}/federate?${question(config).toString()}`,
      {
        headers: { authorization: `Bearer ${token}` },
      },
    );
    return { status: response.status, text: await response.text(), reason: reasons[0] };
  } catch (error) {
    // The gate breaks off an answer in which it finds what the policy forbids.
    return { status: 0, text: '', reason: reasons[0] ?? describeError(error) };
  } finally {
    await gate.close();
  }
}

/** All that tokens without selectors of their own may read. */
function question({ selectors = USAGE_SELECTORS, serverHours = false }: GateConfig): URLSearchParams {
  const asked = [...selectors, ...(serverHours ? SERVER_SELECTORS : [])];
  return new URLSearchParams(asked.map((selector): [string, string] => ['match[]', selector]));
}

/** Keeps the reasons of the warnings that a gate logs. */
function reasonsInto(reasons: string[]): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const { why, reason } = JSON.parse(chunk.toString()) as { why?: string; reason?: string };
      const text = why ?? reason;
      if (text !== undefined) reasons.push(text);
      done();
    },
  });
}
