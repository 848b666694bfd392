import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Access } from '../../src/portal/access/access.ts';
import type { Role } from '../../src/portal/access/rights/roles.ts';

/** The steps of a walk by the sentences of a page of docs, in their order. */
type Steps = Record<string, () => Promise<void>>;

/** Takes the steps of the numbered list below a heading of a page, which has a sentence for each. */
export async function walk(page: string, heading: string, steps: Steps): Promise<void> {
  expect(Object.keys(steps)).toEqual(sentencesBelow(page, heading));
  for (const [sentence, step] of Object.entries(steps))
    await step().catch((error: unknown) => {
      throw new Error(`${page} says: ${sentence}`, { cause: error });
    });
}

function sentencesBelow(page: string, heading: string): string[] {
  const sections = readFileSync(page, 'utf8').split(/^#+ /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const items = section.matchAll(/^\d+\. (.+(?:\n {3}.+)*)/gm);
  return [...items].map(([, item = '']) => item.replaceAll(/\s+/g, ' '));
}

/** Makes a token with a role of the whole portal, and signs in with it. */
export async function signInWithToken(
  page: Page,
  { url, access }: { url: string; access: Access },
  role: Role,
): Promise<string> {
  const owner = { who: 'owner root', by: 'socket' as const, rights: [] };
  const token = { name: role.role, owner: { kind: 'installation' as const }, roles: [role] };
  const { secret } = await access.tokens.create(token, owner);
  await page.goto(`${url}/sign-in?return_to=%2F`);
  await page.getByLabel('Or with a token of the portal').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return secret;
}
