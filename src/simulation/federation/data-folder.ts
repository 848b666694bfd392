import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';

/** The data that a federation needs when it starts again. */
export interface FederationMemory {
  /** Start of its history in Unix milliseconds. */
  startMs: number;
  /** The gate's token of each site. */
  tokens: Readonly<Record<string, string>>;
}

const memorySchema = z.strictObject({
  format: z.literal('stackmeter federation'),
  version: z.literal(1),
  start: z.iso.datetime().transform((text) => Date.parse(text)),
  tokens: z.record(z.string(), z.string().min(32)),
});

/** Reads the memory in a data folder, or writes a new one with `startMs`. Throws a `UserError` for an unusable folder. */
export async function openMemory(
  folder: string,
  sites: readonly string[],
  startMs: number,
): Promise<FederationMemory> {
  const path = join(folder, 'federation.json');
  const found = await readMemory(path);
  if (found !== undefined && sites.every((site) => site in found.tokens)) return found;
  if (found !== undefined)
    throw new UserError(`${path} belongs to another federation: choose another folder`);
  await makeFolder(folder);
  const tokens = Object.fromEntries(sites.map((site) => [site, randomBytes(32).toString('base64url')]));
  const start = new Date(startMs).toISOString();
  const memory = { format: 'stackmeter federation', version: 1, start, tokens };
  await writeFileAtomically(path, `${JSON.stringify(memory, undefined, 2)}\n`);
  return { startMs, tokens };
}

async function readMemory(path: string): Promise<FederationMemory | undefined> {
  try {
    const { start, tokens } = memorySchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { startMs: start, tokens };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new UserError(`cannot read ${path}: remove its folder, or choose another`, { cause: error });
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new UserError(
      `cannot make the folder ${resolve(folder)} (${describeError(error)}): choose another with --data`,
      { cause: error },
    );
  }
}
