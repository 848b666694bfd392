import { createHash } from 'node:crypto';

/** An id in Keystone's format, 32 hexadecimal digits. The same text gives the same id. */
export function stableId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A UUID. The same text gives the same UUID. */
export function stableUuid(text: string): string {
  return formatUuid(stableId(text));
}

/** A random UUID (version 4) like Nova's, from 32 hexadecimal digits. */
export function formatUuid(hex: string): string {
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
