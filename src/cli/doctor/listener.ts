import { get as getPlain, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { TLSSocket } from 'node:tls';
import { describeError } from '../../runtime/user-error.ts';

const TIMEOUT_MS = 10_000;

/** A gate that answers, with the SHA-256 of its certificate; undefined without TLS. */
export type Listener = { fingerprint: string | undefined } | { failure: string };

/** Asks a gate for its health, with no token. So a certificate that this machine does not trust is no danger here. */
export async function findListener(url: URL): Promise<Listener> {
  try {
    const { statusCode, fingerprint } = await health(new URL('/healthz', url));
    return statusCode === 200 ? { fingerprint } : { failure: `it answers ${statusCode} to /healthz` };
  } catch (error) {
    return { failure: describeError(error) };
  }
}

async function health(
  url: URL,
): Promise<{ statusCode: number | undefined; fingerprint: string | undefined }> {
  return await new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, agent: false };
    const onAnswer = (answer: IncomingMessage) => {
      const { socket, statusCode } = answer;
      const fingerprint =
        socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : undefined;
      answer
        .resume()
        .once('end', () => resolve({ statusCode, fingerprint }))
        .once('error', reject);
    };
    const asked =
      url.protocol === 'https:'
        ? get(url, { ...options, rejectUnauthorized: false }, onAnswer)
        : getPlain(url, options, onAnswer);
    asked.once('timeout', () => asked.destroy(new Error('no answer in time'))).once('error', reject);
  });
}
