// `npm run settings` writes docs/settings.md. src/cli/documented-settings.test.ts compares the two.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';
import { settingsPage } from './settings-page.ts';

const file = join(root, 'docs/settings.md');
writeFileSync(file, await settingsPage(file));
