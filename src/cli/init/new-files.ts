import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../runtime/user-error.ts';

/** Throws `UserError` if one of the files is there already, or its folder is not. */
export function refuseExisting(paths: readonly string[]): void {
  const missing = paths.map((path) => dirname(path)).find((folder) => !existsSync(folder));
  if (missing !== undefined) throw new UserError(`there is no folder ${missing}: make it first`);
  const existing = paths.find((path) => existsSync(path));
  if (existing !== undefined)
    throw new UserError(`${existing} exists: remove it, or name another folder with --folder`);
}
