import type { BlockList } from 'node:net';
import { z } from 'zod';
import { NAME_LABEL } from '../../prometheus/selectors/selectors.ts';
import { strictTable } from '../../runtime/settings/strict-table.ts';
import { parseAddresses } from './client-addresses.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { TokenLimits } from './limits.ts';
import { parseExpiry, TOKEN_NAME_PATTERN } from './token-file.ts';

/** A `[[token]]` of the configuration. */
export interface TokenTable {
  name: string;
  hash: Buffer;
  expiresMs: number | undefined;
  selectors: readonly string[] | undefined;
  dropLabels: readonly string[];
  hashLabels: readonly string[];
  limits: Partial<TokenLimits>;
  addresses: BlockList | undefined;
  certificate: ClientCertificate | undefined;
}

const texts = z.array(z.string('is not a list of texts'), 'is not a list of texts').min(1, 'is empty');
const labels = texts
  .refine((names) => !names.includes(NAME_LABEL), `must leave ${NAME_LABEL}: the name says what is counted`)
  .optional();
const count = z
  .int('is not a whole number')
  .min(1, 'is less than 1')
  .max(1_000_000, 'is too large')
  .optional();
const HASH = /^sha256:[0-9a-fA-F]{64}$/;

export const tokenTable = strictTable({
  name: z
    .string('is missing')
    .regex(TOKEN_NAME_PATTERN, 'is no name for a token: take up to 64 letters, digits and . _ @ -'),
  hash: z
    .string("is missing: it is what 'stackmeter token' prints")
    .regex(HASH, 'is not sha256: and 64 hexadecimal digits'),
  expires: z.union([z.string(), z.date()], 'is not a date').optional(),
  selectors: texts.optional(),
  drop_labels: labels,
  hash_labels: labels,
  requests_per_minute: count,
  concurrency: count,
  addresses: texts
    .transform(parseAddresses)
    .refine((list) => list !== undefined, 'holds what is neither an address nor a network such as 10.0.0.0/8')
    .optional(),
  client_certificate: z.string().regex(HASH, 'is not sha256: and 64 hexadecimal digits').optional(),
  client_name: z.string().min(1, 'is empty').optional(),
}).transform((table): TokenTable => ({
  name: table.name,
  hash: Buffer.from(table.hash.slice('sha256:'.length), 'hex'),
  expiresMs: expiryOf(table.expires, table.name),
  selectors: table.selectors,
  dropLabels: table.drop_labels ?? [],
  hashLabels: table.hash_labels ?? [],
  limits: limitsOf(table.requests_per_minute, table.concurrency),
  addresses: table.addresses,
  certificate: certificateOf(table.client_certificate, table.client_name),
}));

function expiryOf(expires: string | Date | undefined, name: string): number | undefined {
  if (expires === undefined) return undefined;
  return expires instanceof Date ? expires.getTime() : parseExpiry(expires, `token '${name}': expires`);
}

function limitsOf(
  requestsPerMinute: number | undefined,
  concurrency: number | undefined,
): Partial<TokenLimits> {
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function certificateOf(
  hash: string | undefined,
  commonName: string | undefined,
): ClientCertificate | undefined {
  if (hash === undefined && commonName === undefined) return undefined;
  return { fingerprint: hash?.slice('sha256:'.length).toLowerCase(), commonName };
}
