import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runStackmeter } from '../support/processes.ts';
import { startBrowser } from '../web/browser.ts';
import { signIn, walkAccess } from './walk-access.ts';
import { walkGrants } from './walk-grants.ts';

/**
 * Walks through the demo whose data is in `folder`, as people who sign in.
 *
 * @param api the address with a token of an operator.
 */
export async function walkDemo(url: string, api: string, folder: string, chromium: string): Promise<void> {
  const browser = await startBrowser(chromium);
  onTestFinished(async () => await browser.close());
  const data = join(folder, 'portal');
  await walkAccess(url, browser, async () =>
    (await runStackmeter(['portal', 'access', 'invite', 'p-2', '--data', data])).output.trim(),
  );
  const page = await browser.context.newPage();
  await signIn(page, url, 'Grace Hopper');
  browser.complaints.length = 0;
  await walkGrants({ url, api, browser, page }, folder);
}
