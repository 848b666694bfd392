import { createHmac } from 'node:crypto';
import type { Labels } from '../../prometheus/sample.ts';
import { remembered } from '../../prometheus/remembered.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';

/** How labels change before they leave the site. */
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

/** Hashes a value into 32 hexadecimal digits. Without the key, nobody can find the value by hashing a list of names. */
export function labelHash(key: string): (value: string) => string {
  return remembered(
    (value) => createHmac('sha256', key).update(value).digest('hex').slice(0, 32),
    REMEMBERED_BYTES,
  );
}

export function rewriteLabels(labels: Labels, rewriting: LabelRewriting): Labels {
  const { dropped, hashed, hash } = rewriting;
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => !dropped.has(name))
      .map(([name, value]) => {
        if (hashed.has(name) && value !== '') return [name, hash(value)];
        return [name, name === PROJECT_ID && hidesNames(rewriting) ? hiddenPart(value, hash) : value];
      }),
  );
}

export const PROJECT_ID = 'project_id';
export const PROJECT_NAME = 'project_name';

function hidesNames({ dropped, hashed }: LabelRewriting): boolean {
  return dropped.has(PROJECT_NAME) || hashed.has(PROJECT_NAME);
}

/** The id of a pool's part is `POOL/NAME`: NAME becomes the same hash as in `project_name`. */
function hiddenPart(id: string, hash: LabelRewriting['hash']): string {
  const slash = id.indexOf('/');
  return slash === -1 ? id : `${id.slice(0, slash)}/${hash(id.slice(slash + 1))}`;
}
