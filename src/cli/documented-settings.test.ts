import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { settingsPage } from '../../scripts/settings-page.ts';

it('docs/settings.md is what npm run settings writes', async () => {
  const file = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));
  expect(readFileSync(file, 'utf8')).toBe(await settingsPage(file));
});
