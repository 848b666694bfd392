import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { getJson } from '../support/api-client.ts';
import { runStackmeter } from '../support/processes.ts';
import { startBrowser } from '../web/browser.ts';
import { signIn, signOut, walkAccess } from './walk-access.ts';
import { walkAsLead, walkAsMember, walkAsOperator } from './walk-docs.ts';
import { walkGrants } from './walk-grants.ts';

/**
 * Walks through the demo whose data is in `folder`, as people who sign in.
 *
 * @param api the address with a token of an operator.
 */
export async function walkDemo(url: string, api: string, folder: string, chromium: string): Promise<void> {
  const browser = await startBrowser(chromium);
  onTestFinished(async () => await browser.close());
  await walkAccess(url, browser);
  const page = await browser.context.newPage();
  const data = join(folder, 'portal');
  const invite = async () =>
    (await runStackmeter(['portal', 'access', 'invite', 'p-2', '--data', data])).output.trim();
  await walkAsMember(page, url, invite, await allProjects(api));
  await signOut(page);
  await walkAsLead(page, url);
  await signIn(page, url, 'Grace Hopper');
  await walkAsOperator(page);
  browser.complaints.length = 0;
  await walkGrants({ url, api, browser, page }, folder);
}

/** The site and id of each project. */
async function allProjects(api: string): Promise<string[]> {
  const { data } = (await getJson(`${api}/api/v1/projects`)) as {
    data: { site: string; project_id: string }[];
  };
  return data.map(({ site, project_id: id }) => `${site} ${id}`);
}
