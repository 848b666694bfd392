import { statSync } from 'node:fs';
import { type GateToken, readTokens } from './gate-tokens.ts';
import type { GateConfig } from './config.ts';
import { makeSelfSigned } from './self-signed.ts';
import { codeOf, UserError } from '../../runtime/user-error.ts';
import { expiryOfCertificate, readTls, type ServedTls } from '../listener/tls.ts';

/** What can be reloaded. */
export interface Loaded {
  tokens: readonly GateToken[];
  tls: ServedTls | undefined;
  /** Unix milliseconds. */
  certificateExpiresMs: number | undefined;
  /** Whether answers are opened and held against the policy. */
  checkAnswers: boolean;
  /** Of a certificate that was made for a test. */
  fingerprint: string | undefined;
}

/** Reads all files of a configuration anew. Throws `UserError`. */
export async function loadConfiguration(config: GateConfig, nowMs: number, before?: Loaded): Promise<Loaded> {
  const tokens = readTokens(config);
  const checkAnswers = config.unsafeUncheckedAnswers !== true;
  // A certificate made for a test stays: its fingerprint has been told.
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

/** Throws `UserError` for a configuration that could be served, and would serve nobody, or not at all. */
export async function checkConfiguration(config: GateConfig, nowMs: number): Promise<void> {
  const { tokens, certificateExpiresMs = Infinity } = await loadConfiguration(config, nowMs);
  if (certificateExpiresMs <= nowMs)
    throw new UserError(
      `${config.tls?.certFile} expired on ${new Date(certificateExpiresMs).toISOString()}: give the gate a new certificate`,
    );
  if (tokens.every(({ expiresMs = Infinity }) => expiresMs <= nowMs))
    throw new UserError("every token has expired: add one that 'stackmeter token' prints");
}

/** The files that a configuration is read from. */
export function filesOf({ configFile, tokenFile, hashKeyFile, tls }: GateConfig): string[] {
  const files = [configFile, tokenFile, hashKeyFile, tls?.certFile, tls?.keyFile, tls?.clientCaFile];
  return files.filter((file) => file !== undefined);
}

/**
 * Looks at files again and again, since a rename or a mounted volume is not always told of. What counts as unchanged is
 * their state at this call: call it before they are read, so that no change is missed. Returns what ends it.
 */
export function watchFiles(
  files: () => readonly string[],
  intervalMs: number,
  onChange: () => void,
): () => void {
  let known = files().map(stateOf).join('\n');
  const timer = setInterval(() => {
    const now = files().map(stateOf).join('\n');
    if (now === known) return;
    known = now;
    onChange();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** What tells one state of a file from another, without reading it. */
function stateOf(file: string): string {
  try {
    const { mtimeNs, ino, size } = statSync(file, { bigint: true });
    return `${mtimeNs} ${ino} ${size}`;
  } catch (error) {
    return codeOf(error) ?? 'not to be read';
  }
}
