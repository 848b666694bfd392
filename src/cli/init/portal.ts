import { join, resolve } from 'node:path';
import { writeFileAtomically } from '../../runtime/files/atomic-file.ts';
import { UserError } from '../../runtime/user-error.ts';
import { tell } from '../terminal.ts';
import { refuseExisting } from './new-files.ts';
import { portalFile } from './portal-file.ts';
import type { Ask } from './questions.ts';

/** Writes the configuration of a portal into a folder. Throws `UserError`, and then has written nothing. */
export async function initPortal(folderName: string, ask: Ask): Promise<void> {
  const path = join(resolve(folderName), 'portal.toml');
  refuseExisting([path]);
  const answer = await ask('Address that people open, such as https://usage.example.org, or none', 'none');
  await writeFileAtomically(
    path,
    portalFile({
      publicUrl: answer === 'none' ? undefined : publicUrlOf(answer),
      dataFolder: join(resolve(folderName), 'data'),
    }),
  );
  tell(
    `${path} is written.`,
    `next      stackmeter portal --config ${path}`,
    `then      stackmeter portal invite SITE --config ${path}, for each site`,
  );
}

/** The address in its usual spelling. People sign in there, so it has TLS. */
function publicUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:')
    throw new UserError(`'${text}' is not an address such as https://usage.example.org`);
  return url.href.replace(/\/$/, '');
}
