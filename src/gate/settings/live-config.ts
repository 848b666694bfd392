import { type GateToken, readTokens } from './gate-tokens.ts';
import type { GateConfig } from './config.ts';
import { makeSelfSigned } from './self-signed.ts';
import { UserError } from '../../runtime/user-error.ts';
import { expiryOfCertificate, readTls, type ServedTls } from '../listener/tls.ts';

/** The part of a configuration that a reload can change, with the content of its files. */
export interface LiveConfig {
  tokens: readonly GateToken[];
  tls: ServedTls | undefined;
  /** Unix milliseconds. */
  certificateExpiresMs: number | undefined;
  /** Whether answers are opened and checked against the policy. */
  checkAnswers: boolean;
  /** SHA-256 of the self-signed certificate; undefined with any other certificate. */
  fingerprint: string | undefined;
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
  if (config.selfSigned) {
    const { options, fingerprint } = await makeSelfSigned(config.listen.host, nowMs);
    const certificateExpiresMs = expiryOfCertificate(options.cert);
    return { tokens, checkAnswers, tls: options, certificateExpiresMs, fingerprint };
  }
  const tls = config.tls && readTls(config.tls);
  const certificateExpiresMs = tls && expiryOfCertificate(tls.cert);
  return { tokens, checkAnswers, tls, certificateExpiresMs, fingerprint: undefined };
}

/** Throws `UserError` for a configuration that is valid but useless: its certificate or all its tokens have expired. */
export async function checkLiveConfig(config: GateConfig, nowMs: number): Promise<void> {
  const { tokens, certificateExpiresMs = Infinity } = await readLiveConfig(config, nowMs);
  if (certificateExpiresMs <= nowMs)
    throw new UserError(
      `${config.tls?.certFile} expired on ${new Date(certificateExpiresMs).toISOString()}: give the gate a new certificate`,
    );
  if (tokens.every(({ expiresMs = Infinity }) => expiresMs <= nowMs))
    throw new UserError("every token has expired: add one that 'stackmeter token' prints");
}
