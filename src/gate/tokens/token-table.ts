import type { BlockList } from 'node:net';
import { z } from 'zod';
import { NAME_LABEL } from '../../prometheus/selectors/selectors.ts';
import { strictTable } from '../../runtime/settings/strict-table.ts';
import { parseAddresses } from '../../runtime/http/client-addresses.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { DEFAULT_LIMITS, type TokenLimits } from './limits.ts';
import { parseExpiry, TOKEN_NAME_PATTERN } from './token-file.ts';

/** A `[[token]]` of the configuration. */
export interface TokenTable {
  name: string;
  hash: Buffer;
  expiresMs: number | undefined;
  selectors: readonly string[] | undefined;
  /** Undefined where the setting of the file applies. */
  serverHours?: boolean | undefined;
  dropLabels: readonly string[];
  hashLabels: readonly string[];
  limits: Partial<TokenLimits>;
  addresses: BlockList | undefined;
  certificate: ClientCertificate | undefined;
}

const texts = z.array(z.string('is not a list of texts'), 'is not a list of texts').min(1, 'is empty');
const labels = texts
  .refine(
    (names) => !names.includes(NAME_LABEL),
    `must not name ${NAME_LABEL}: the metric's name says what is counted`,
  )
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
    .regex(TOKEN_NAME_PATTERN, 'is not a name for a token: use up to 64 letters, digits and . _ @ -')
    .describe('name of the token, in the log and in metrics'),
  hash: z
    .string("is missing: it is what 'stackmeter token' prints")
    .regex(HASH, 'is not sha256: and 64 hexadecimal digits')
    .describe("hash of the token, as 'stackmeter token' prints it"),
  expires: z.union([z.string(), z.date()], 'is not a date').optional().describe('when the token ends, UTC'),
  selectors: texts
    .optional()
    .describe('series that this token may read; without it, the selectors of the file'),
  server_hours: z
    .boolean('is neither true nor false')
    .optional()
    .describe(
      'whether this token may also read server hours; without it, false if it has selectors, else the setting of the file',
    ),
  drop_labels: labels.describe('labels that answers to this token leave out'),
  hash_labels: labels.describe('labels whose values leave as hashes, made with --hash-key-file'),
  requests_per_minute: count.describe(`requests a minute; without it, ${DEFAULT_LIMITS.requestsPerMinute}`),
  concurrency: count.describe(`answers at the same time; without it, ${DEFAULT_LIMITS.concurrency}`),
  addresses: texts
    .transform(parseAddresses)
    .refine(
      (list) => list !== undefined,
      'has a text that is neither an address nor a network such as 10.0.0.0/8',
    )
    .optional()
    .describe('addresses and networks from which the token is taken; without it, all'),
  client_certificate: z
    .string()
    .regex(HASH, 'is not sha256: and 64 hexadecimal digits')
    .optional()
    .describe('hash of the client certificate that the token is bound to'),
  client_name: z
    .string()
    .min(1, 'is empty')
    .optional()
    .describe('common name of the client certificate that the token is bound to'),
}).transform((table): TokenTable => ({
  name: table.name,
  hash: Buffer.from(table.hash.slice('sha256:'.length), 'hex'),
  expiresMs: expiryOf(table.expires, table.name),
  selectors: table.selectors,
  serverHours: table.server_hours,
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
