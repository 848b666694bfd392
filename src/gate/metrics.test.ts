import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DECLARATIONS } from './metrics.ts';

const documented = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `stackmeter_gate_'))
  .map((line) =>
    line
      .split('|')
      .slice(1, 3)
      .map((cell) => cell.trim()),
  );

describe("the gate's own metrics", () => {
  it('are documented with the declared names, labels and help texts', () => {
    const declared = Object.values(DECLARATIONS).map(({ name, labels, help }) => [
      `\`stackmeter_gate_${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`}\``,
      help,
    ]);
    expect(documented).toEqual(declared);
  });
});
