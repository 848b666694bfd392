import { describe, expect, it } from 'vitest';
import type { SiteRow } from './api.ts';
import { inOrderOfConcern, siteState } from './site-state.ts';

const NOW = Date.UTC(2026, 10, 22, 14);
const ago = (ms: number) => new Date(NOW - ms).toISOString();

function site(name: string, changed: Partial<SiteRow>): SiteRow {
  const readAt = changed.last_reading_at === undefined ? ago(10_000) : changed.last_reading_at;
  return {
    name,
    labels: {},
    first_reading_at: ago(1e9),
    last_reading_at: ago(10_000),
    clouds: readAt === null ? [] : [{ cloud: '', last_reading_at: readAt }],
    last_sweep_at: ago(5_000),
    last_success_at: ago(5_000),
    last_error: null,
    declared: true,
    ordinary_pause_seconds: 900,
    projects: 1,
    meters: 2,
    refused_series: 0,
    anomalies: 0,
    ...changed,
  };
}

const reporting = site('reporting', {});
const failing = site('failing', { last_error: 'the gate answered 401' });
const late = site('late', { last_reading_at: ago(900_001) });
const unread = site('unread', { first_reading_at: null, last_reading_at: null });

describe('the state of a site', () => {
  it('is "reporting" up to the ordinary pause of the site, and then "late"', () => {
    expect(siteState(site('edge', { last_reading_at: ago(900_000) }), NOW)).toEqual({
      name: 'reporting',
      reason: null,
    });
    expect(siteState(late, NOW)).toEqual({
      name: 'late',
      reason: 'the newest reading is older than 15 minutes',
    });
    expect(siteState({ ...late, ordinary_pause_seconds: 3600 }, NOW).name).toBe('reporting');
  });

  it('is "late" if one of several clouds is late, and names the cloud', () => {
    const east = { cloud: 'east', last_reading_at: ago(10_000) };
    const west = { cloud: 'west', last_reading_at: ago(900_001) };
    expect(siteState(site('several', { clouds: [west, east] }), NOW)).toEqual({
      name: 'late',
      reason: "the newest reading of cloud 'west' is older than 15 minutes",
    });
    expect(siteState(site('retired', { clouds: [east] }), NOW).name).toBe('reporting');
    expect(siteState(site('given up', { clouds: [], last_reading_at: ago(1e8) }), NOW).name).toBe(
      'reporting',
    );
  });

  it('is "not read" if no portal reads it, however old its readings are', () => {
    const removed = site('removed', { declared: false, last_reading_at: ago(1e9) });
    expect(siteState(removed, NOW)).toEqual({ name: 'not read', reason: null });
    expect(inOrderOfConcern([removed, late], NOW)).toEqual([late, removed]);
  });

  it('is "failing" with the reason of the last sweep, with fresh readings or without any', () => {
    const never = site('never', { last_reading_at: null, last_error: 'cannot be reached' });
    expect(siteState(failing, NOW)).toEqual({ name: 'failing', reason: 'the gate answered 401' });
    expect(siteState(never, NOW)).toEqual({ name: 'failing', reason: 'cannot be reached' });
    const why = "the site answers, but the exporter's totals have not moved since 2026-11-22T13:40:00.000Z";
    const still = site('still', { last_reading_at: ago(1_200_000), last_error: why });
    expect(siteState(still, NOW)).toEqual({ name: 'failing', reason: why });
  });

  it('is "never read" before the first reading', () => {
    expect(siteState(unread, NOW).name).toBe('never read');
  });
});

describe('the order of sites', () => {
  it('is problems first, then by name', () => {
    const another = site('another', {});
    const ordered = inOrderOfConcern([reporting, unread, another, late, failing], NOW);
    expect(ordered.map(({ name }) => name)).toEqual(['failing', 'late', 'unread', 'another', 'reporting']);
  });
});
