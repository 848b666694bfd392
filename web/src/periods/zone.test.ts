import { expect, it } from 'vitest';
import { instantOf, isZone, localOf, offeredZones } from './zone.ts';

const at = (text: string) => Date.parse(`${text}:00Z`);

it('local time has an instant, also where a change skips or repeats it', () => {
  const berlin = (local: string) => instantOf('Europe/Berlin', at(local));
  expect(berlin('2026-06-01T00:00')).toBe(at('2026-05-31T22:00'));
  expect(berlin('2026-03-29T02:30')).toBe(at('2026-03-29T01:00'));
  expect(berlin('2026-10-25T02:00')).toBe(at('2026-10-25T00:00'));
  expect(localOf('Asia/Kolkata', at('2026-06-01T00:00'))).toBe(at('2026-06-01T05:30'));
});

it('zones have names', () => {
  expect([isZone('Europe/Berlin'), isZone('Europe/Bielefeld'), isZone('')]).toEqual([true, false, false]);
});

it('the choice of a zone has those whose days the portal can add up', () => {
  expect(offeredZones('UTC', 'Europe/Berlin')).toEqual(['UTC', 'Europe/Berlin']);
  expect(offeredZones('Asia/Tokyo', 'Asia/Kolkata')).toEqual(['UTC', 'Asia/Tokyo']);
});
