import { watchFile, unwatchFile } from 'node:fs';
import { type Grant, readGrants } from './grants.ts';
import type { GateConfig } from './config.ts';
import { makeSelfSigned } from './self-signed.ts';
import { expiryOfCertificate, readTls, type ServedTls } from './tls.ts';

/** What can be reloaded. */
export interface Loaded {
  grants: readonly Grant[];
  tls: ServedTls | undefined;
  /** Unix milliseconds. */
  certificateExpiresMs: number | undefined;
  /** Of a certificate that was made for a test. */
  fingerprint: string | undefined;
}

/** Reads all files of a configuration anew. Throws `UserError`. */
export async function loadConfiguration(config: GateConfig, nowMs: number, before?: Loaded): Promise<Loaded> {
  const grants = readGrants(config);
  // A certificate made for a test stays: its fingerprint has been told.
  if (config.selfSigned && before) return { ...before, grants };
  if (config.selfSigned) {
    const { options, fingerprint } = await makeSelfSigned(config.listen.host, nowMs);
    return { grants, tls: options, certificateExpiresMs: expiryOfCertificate(options.cert), fingerprint };
  }
  const tls = config.tls && readTls(config.tls);
  const certificateExpiresMs = tls && expiryOfCertificate(tls.cert);
  return { grants, tls, certificateExpiresMs, fingerprint: undefined };
}

/** The files that a configuration is read from. */
export function filesOf({ configFile, tokenFile, hashKeyFile, tls }: GateConfig): string[] {
  const files = [configFile, tokenFile, hashKeyFile, tls?.certFile, tls?.keyFile, tls?.clientCaFile];
  return files.filter((file) => file !== undefined);
}

/** Looks at files again and again, since a rename or a mounted volume is not always told of. Returns what ends it. */
export function watchFiles(files: readonly string[], intervalMs: number, onChange: () => void): () => void {
  const listener = (now: { mtimeMs: number; ino: number; size: number }, before: typeof now) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) onChange();
  };
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, listener);
  return () => {
    for (const file of files) unwatchFile(file, listener);
  };
}
