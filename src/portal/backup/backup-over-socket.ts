import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../../runtime/logger.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import type { Ledger } from '../ledger/ledger.ts';

const PATH = '/ledger-backup';

/** Answers a request for a backup on the socket of the portal's owner. Returns false for any other request. */
export function answerBackup(
  ledger: Pick<Ledger, 'exportLines'>,
  logger: Logger,
  { url }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (url !== PATH) return false;
  pipeline(Readable.from(ledger.exportLines('backup')), response).catch((error: unknown) =>
    logger.warn({ reason: describeError(error) }, 'a backup was cut'),
  );
  return true;
}

/** Asks the portal that listens on this socket for a backup. */
export async function* backupOverSocket(socketPath: string): AsyncGenerator<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath, path: PATH }, resolve).once('error', reject).end();
  }).catch((cause: unknown) => {
    throw new UserError(`the portal did not answer: ${describeError(cause)}`, { cause });
  });
  if (response.statusCode !== 200)
    throw new UserError('the running portal is of a version that makes no backups: start this version');
  for await (const piece of response.setEncoding('utf8')) yield piece as string;
}
