// `npm run dashboards`: writes the JSON files of the dashboards.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { DASHBOARDS } from './all.ts';

for (const [path, dashboard] of Object.entries(DASHBOARDS)) {
  const file = fileURLToPath(new URL(`../dashboards/${path}`, import.meta.url));
  mkdirSync(new URL('.', new URL(`../dashboards/${path}`, import.meta.url)), { recursive: true });
  const style = await resolveConfig(file);
  writeFileSync(file, await format(JSON.stringify(dashboard), { ...style, parser: 'json' }));
}
