import { createHash, timingSafeEqual } from 'node:crypto';
import type { SenderConfig } from '../settings/sender-settings.ts';

/**
 * The sender of an `Authorization` header: `Bearer TOKEN`, or `Basic` with the sender's name and the token as password.
 * Compares the tokens of all senders, in constant time. Undefined if none matches.
 */
export function senderOf(
  header: string | undefined,
  senders: readonly SenderConfig[],
): SenderConfig | undefined {
  const { name, token } = credentialsIn(header ?? '');
  const hash = sha256(token);
  const matching = senders.filter((sender) => timingSafeEqual(sha256(sender.token), hash));
  return matching.find((sender) => name === undefined || name === sender.name);
}

function credentialsIn(header: string): { name: string | undefined; token: string } {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { name: undefined, token: value };
  if (scheme.toLowerCase() !== 'basic') return { name: undefined, token: '' };
  const [name = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { name, token: password.join(':') };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
