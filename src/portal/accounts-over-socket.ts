import type { Accounts, Authorship } from './accounts/accounts.ts';
import { grantsFile } from './accounts/grants/documents.ts';
import { askOverSocket } from './ask-over-socket.ts';

/** The part of accounts that commands use. */
export type AccountCommands = Pick<Accounts, 'file' | 'apply' | 'erase'>;

/** The accounts of the portal that listens on this socket. Throws as the accounts themselves, or `UserError`. */
export function accountsOverSocket(socketPath: string): AccountCommands {
  const ask = async (method: string, path: string, by?: Authorship, body?: unknown) =>
    await askOverSocket(socketPath, { method, path }, by?.author, body);
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
