import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';

/** Amounts in JSON pack well at any level, and higher ones take several times as long. */
const LEVEL = 3;

/** Longer than the last line of a backup. */
const TAIL_LENGTH = 300;

/** Writes the pieces of a backup, packed, to a file that exists only when it is whole. Returns its rows and size. */
export async function writeBackup(
  path: string,
  pieces: AsyncIterable<string>,
): Promise<{ rows: number; bytes: number }> {
  let tail = '';
  const watched = async function* () {
    for await (const piece of pieces) {
      tail = (tail + piece).slice(-TAIL_LENGTH);
      yield piece;
    }
    if (rowsIn(tail) === undefined) throw new UserError('the backup was cut');
  };
  let writing: Promise<void> = Promise.resolve();
  const write = async (packed: AsyncIterable<Buffer>) => await (writing = writeFileAtomically(path, packed));
  try {
    await pipeline(watched, createGzip({ level: LEVEL }), write);
  } catch (cause) {
    // Until the unfinished file is gone.
    await writing.catch(() => undefined);
    throw new UserError(`no backup was written to ${path}: ${describeError(cause)}`, { cause });
  }
  return { rows: rowsIn(tail) ?? 0, bytes: (await stat(path)).size };
}

function rowsIn(tail: string): number | undefined {
  const [rows] = /(?<=^\{"end":true,"rows":)\d+/m.exec(tail) ?? [];
  return rows === undefined ? undefined : Number(rows);
}

/** The lines of a backup. Throws `UserError` if the file is no backup, or was cut. */
export async function* readBackup(path: string): AsyncGenerator<string> {
  const unpacked = createGunzip();
  const packed = createReadStream(path);
  packed.once('error', (error) => unpacked.destroy(error));
  try {
    yield* linesOf(packed.pipe(unpacked).setEncoding('utf8'));
  } catch (cause) {
    throw new UserError(`${path} is not a whole backup: ${describeError(cause)}; nothing was imported`, {
      cause,
    });
  } finally {
    packed.destroy();
  }
}

/** Lines of a text, on demand. `readline` loses lines that arrive before somebody listens. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
