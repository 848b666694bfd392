import { expect, it } from 'vitest';
import { parserWarning } from './http-parser.ts';

it('warns of each Node.js with the faulty HTTP parser, and of no other', () => {
  const mended = ['v20.19.2', 'v20.19.6', 'v20.20.0', 'v21.0.0', 'v22.13.0', 'v24.0.0', 'v26.5.1'];
  const misled = ['v20.18.3', 'v20.19.0', 'v20.19.1', 'v20.19.1-nightly2025'];
  const warned = [...misled, ...mended].filter((version) => parserWarning(version) !== undefined);
  expect(warned).toEqual(misled);
  expect(parserWarning('v20.19.1')).toBe(
    'Node.js v20.19.1 answers requests that are hidden in other requests (CVE-2025-23167): run the gate on 20.19.2 or later',
  );
});
