import { createHmac } from 'node:crypto';
import type { Labels } from '../prometheus/sample.ts';
import { remembered } from '../prometheus/remembered.ts';
import { readTextFile } from '../runtime/text-file.ts';
import { describeError, UserError } from '../runtime/user-error.ts';

/** What becomes of labels before they leave the site. */
export interface LabelRewriting {
  dropped: ReadonlySet<string>;
  hashed: ReadonlySet<string>;
  hash: (value: string) => string;
}

const MIN_KEY_LENGTH = 16;
const REMEMBERED_BYTES = 4_194_304;

/** Reads the secret key of hashes. Throws `UserError`. */
export function readHashKey(path: string): string {
  let key: string;
  try {
    key = readTextFile(path).trim();
  } catch (error) {
    throw new UserError(`cannot read the hash key ${path}: ${describeError(error)}`, { cause: error });
  }
  if (key.length >= MIN_KEY_LENGTH) return key;
  throw new UserError(`${path}: a hash key has at least ${MIN_KEY_LENGTH} characters`);
}

/** The same value has the same hash, 32 hexadecimal digits; without the key it can't be guessed from a list of names. */
export function createLabelHash(key: string): (value: string) => string {
  return remembered(
    (value) => createHmac('sha256', key).update(value).digest('hex').slice(0, 32),
    REMEMBERED_BYTES,
  );
}

export function rewriteLabels(labels: Labels, { dropped, hashed, hash }: LabelRewriting): Labels {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => !dropped.has(name))
      .map(([name, value]) => [name, hashed.has(name) && value !== '' ? hash(value) : value]),
  );
}
