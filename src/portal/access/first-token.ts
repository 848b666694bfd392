import { join } from 'node:path';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import type { Logger } from '../../runtime/logger.ts';
import { codeOf } from '../../runtime/user-error.ts';
import type { Tokens } from './tokens.ts';

/**
 * Makes a token of an operator as long as the database has no token, for a portal at which nobody could sign in otherwise
 * (P1). The token stands in a file of the data folder that only the portal's account can read, and never in the log.
 */
export async function makeFirstToken(tokens: Tokens, dataFolder: string, logger: Logger): Promise<void> {
  const path = join(dataFolder, 'operator.token');
  try {
    const made = await tokens.createFirst(
      async (secret) => await writeFileAtomically(path, `${secret}\n`, 0o600),
    );
    if (made) logger.warn({ file: path }, 'the first operator signs in with the token in this file');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    logger.warn(
      { folder: dataFolder },
      'nobody can sign in yet, and there is no data folder for a first token: use stackmeter portal token create',
    );
  }
}
