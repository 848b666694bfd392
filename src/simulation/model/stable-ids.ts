import { createHash } from 'node:crypto';

/** 32 hexadecimal digits, as Keystone's ids are: the same for the same text. */
export function stableId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A UUID, the same for the same text. */
export function stableUuid(text: string): string {
  return formatUuid(stableId(text));
}

/** `hex`: 32 digits. Marks them as a random UUID (version 4), as Nova's are. */
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
