import { type GateToken, readTokens } from './gate-tokens.ts';
import type { GateConfig } from './config.ts';
import { makeSelfSigned } from './self-signed.ts';
import { UserError } from '../../runtime/user-error.ts';
import { certificateOf, readTls, type Certificate, type ServedTls } from '../listener/tls.ts';

/** The part of a configuration that a reload can change, with the content of its files. */
export interface LiveConfig {
  tokens: readonly GateToken[];
  tls: ServedTls | undefined;
  certificate: Certificate | undefined;
  /** Whether answers are opened and checked against the policy. */
  checkAnswers: boolean;
}

/** Reads all files of a configuration. Throws `UserError`. */
export async function readLiveConfig(
  config: GateConfig,
  nowMs: number,
  before?: LiveConfig,
): Promise<LiveConfig> {
  const tokens = readTokens(config);
  const checkAnswers = config.unsafeUncheckedAnswers !== true;
  // The self-signed certificate stays, because its fingerprint was printed at the start.
  if (config.selfSigned && before) return { ...before, tokens, checkAnswers };
  const tls = config.selfSigned
    ? await makeSelfSigned(config.listen.host, nowMs)
    : config.tls && readTls(config.tls);
  return { tokens, checkAnswers, tls, certificate: tls && certificateOf(tls.cert) };
}

/** Throws `UserError` for a configuration that is valid but useless: its certificate or all its tokens have expired. */
export async function checkLiveConfig(config: GateConfig, nowMs: number): Promise<void> {
  const { tokens, certificate } = await readLiveConfig(config, nowMs);
  if (certificate !== undefined && certificate.expiresMs <= nowMs)
    throw new UserError(
      `${config.tls?.certFile} expired on ${new Date(certificate.expiresMs).toISOString()}: give the gate a new certificate`,
    );
  if (tokens.every(({ expiresMs = Infinity }) => expiresMs <= nowMs))
    throw new UserError("every token has expired: add one that 'stackmeter token' prints");
}
