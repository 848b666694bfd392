import { describe, expect, it } from 'vitest';
import { priceBookDocument } from './documents.ts';
import { bookDifference, versionWords } from './words.ts';

const FIRST = {
  from: '2026-01-01',
  reason: 'call 7',
  server: [
    {
      name: 'A100',
      site: 'site-a',
      flavor: { gpu: 'a100*', name: 'g*' },
      sum: [{ price: '1.8', per: { gpu: 1, vcpu: 24 }, whole_units: true }, { price: '0.5' }],
    },
    {
      name: 'rest',
      sum: [{ price: '1', per: { vcpu: 1 }, steps: [{ above: 2, factor: '2' }] }],
    },
  ],
  states: { stopped: '0.5' },
  resource: [
    { resource: 'volume_gb', per: 1024, price: '0.05' },
    { resource: 'volume_gb', site: 'site-b', price: '0.1' },
  ],
  fallback: [{ resource: 'vcpu', price: '1' }],
};
const bookOf = (...version: object[]) =>
  priceBookDocument.parse({ name: 'EUR', unit: 'EUR', scale: 2, rounding: 'half-up', version });

it('says all prices of a version in words, and what each leaves out', () => {
  const [version] = bookOf(FIRST).version;
  const anyStart = 'Its servers cost the same whenever they were started.';
  const noVolume = 'No discount by volume, no minimum, no flat fee.';
  expect(version && versionWords(version)).toEqual([
    {
      price: 'servers "A100"',
      words:
        '1.8 for each 24 vcpu or 1 gpu, whole units + 0.5 for each server, at site-a, with name g* and gpu a100*',
      limits: ['Units are rounded up, hours are not.', anyStart],
    },
    {
      price: 'servers "rest"',
      words: '1 for each 1 vcpu × 2 above 2',
      limits: [
        'Hours are not rounded up.',
        'Steps go by the size of each server, not by the sum of usage.',
        anyStart,
      ],
    },
    { price: 'state stopped', words: '× 0.5', limits: ['Hours in a state are not rounded up.'] },
    { price: 'volume_gb', words: '0.05 for each of 1024 GiB-hours', limits: [noVolume] },
    { price: 'volume_gb at site-b', words: '0.1 for each of GiB-hours', limits: [noVolume] },
    {
      price: 'fallback of vcpu',
      words: '1 for each of vCPU-hours',
      limits: ['It prices only what no server hours explain.', noVolume],
    },
  ]);
});

describe('the difference of two price books', () => {
  it('names each price that a new version changes, and the order of its servers', () => {
    const [gpu, rest] = FIRST.server;
    const second = {
      ...FIRST,
      from: '2027-01-01T05:00Z',
      reason: 'call 8',
      server: [rest, gpu],
      states: {},
      fallback: [{ resource: 'vcpu', price: '2' }],
    };
    const [before, after] = [bookOf(FIRST), bookOf(FIRST, second)];
    expect(bookDifference('EUR', before, { ...after, scale: 4 })).toEqual(
      [
        'scale 2 → 4',
        'version from 2027-01-01T05:00Z: "call 8"',
        'version from 2027-01-01T05:00Z: state stopped: × 0.5 → none',
        'version from 2027-01-01T05:00Z: fallback of vcpu: 1 for each of vCPU-hours → 2 for each of vCPU-hours',
        'version from 2027-01-01T05:00Z: the first price that matches counts: servers "A100", servers "rest" → servers "rest", servers "A100"',
      ].map((line) => `price book EUR: ${line}`),
    );
    expect(bookDifference('EUR', after, after)).toEqual([]);
    expect(bookDifference('EUR', after, null)).toEqual(['price book EUR: removed']);
  });

  it('begins with the whole book for a new one', () => {
    const book = bookOf({
      ...FIRST,
      server: [],
      states: {},
      fallback: [],
      resource: FIRST.resource.slice(1),
    });
    expect(bookDifference('EUR', undefined, book)).toEqual(
      [
        'new',
        'unit none → "EUR"',
        'scale none → 2',
        'rounding none → half-up',
        'version from 2026-01-01: "call 7"',
        'version from 2026-01-01: volume_gb at site-b: none → 0.1 for each of GiB-hours',
      ].map((line) => `price book EUR: ${line}`),
    );
  });
});
