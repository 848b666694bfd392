import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DECLARATIONS } from './metrics.ts';

const rows = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8').split('\n');
const documented = rows
  .filter((line) => line.startsWith('| `stackmeter_portal_'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('documents the metrics of the portal as they are declared: names, labels and meaning', () => {
  const declared = Object.values(DECLARATIONS).map(({ name, labels, help }) => {
    const series = `\`stackmeter_portal_${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`}\``;
    return ['', series, help.charAt(0).toLowerCase() + help.slice(1), ''];
  });
  expect(documented).toEqual(declared);
});
