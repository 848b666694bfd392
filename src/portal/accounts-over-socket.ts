import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { UserError } from '../runtime/user-error.ts';
import type { Accounts, Authorship } from './accounts/accounts.ts';
import { grantsFile } from './accounts/grants/documents.ts';
import { RuleError } from './accounts/grants/rules.ts';
import { AUTHOR_HEADER } from './api/shapes/author.ts';

/** The part of accounts that commands use. */
export type AccountCommands = Pick<Accounts, 'file' | 'apply' | 'erase'>;

/** The accounts of the portal that listens on this socket. Throws as the accounts themselves, or `UserError`. */
export function accountsOverSocket(socketPath: string): AccountCommands {
  const ask = async (method: string, path: string, by?: Authorship, body?: unknown) =>
    await answerOf(socketPath, { method, path }, by, body);
  return {
    file: async () => grantsFile.parse(await ask('GET', '/api/v1/grants-file')),
    apply: async (file, by, { dryRun = false, removeMissing = false, keep = [] } = {}) => {
      const options = new URLSearchParams({
        dry_run: String(dryRun),
        remove_missing: String(removeMissing),
        keep: keep.join(','),
      });
      return changesOf(await ask('POST', `/api/v1/grants-file?${options.toString()}`, by, file));
    },
    erase: async (person, by) =>
      changesOf(await ask('DELETE', `/api/v1/people/${encodeURIComponent(person)}`, by)),
  };
}

function changesOf(answer: unknown): string[] {
  return (answer as { changes: string[] }).changes;
}

async function answerOf(
  socketPath: string,
  target: { method: string; path: string },
  by: Authorship | undefined,
  body: unknown,
): Promise<unknown> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(by === undefined ? {} : { [AUTHOR_HEADER]: Buffer.from(by.author).toString('base64url') }),
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ socketPath, ...target, headers }, resolve);
    asked.once('error', (cause) =>
      reject(new UserError(`the portal did not answer: ${cause.message}`, { cause })),
    );
    asked.end(text);
  });
  const answer = await json(response);
  if (response.statusCode === 200) return answer;
  if (response.statusCode === 422) throw new RuleError((answer as { error: string }).error);
  throw new UserError((answer as { error?: string }).error ?? `the portal answered ${response.statusCode}`);
}
