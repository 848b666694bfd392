import { describe, expect, it } from 'vitest';
import { declarationsOf, sitesOfPortal } from './declared-sites.ts';
import type { SenderConfig } from './settings/sender-settings.ts';
import type { SiteConfig } from './settings/settings.ts';

const site = (name: string, more: Partial<SiteConfig> = {}): SiteConfig => ({
  name,
  url: 'https://gate.example',
  token: 'secret',
  ca: undefined,
  intervalMs: 30_000,
  timeoutMs: 30_000,
  labels: { location_id: '8676' },
  selectors: [],
  retiredClouds: [],
  ...more,
});

function sender(sites: string[], more: Partial<SenderConfig> = {}): SenderConfig {
  return { name: 'p', token: 'secret', rule: { siteLabel: 'location', sites }, ...more };
}

const retired = (clouds: Record<string, string[]>) => ({ retiredClouds: new Map(Object.entries(clouds)) });

describe('the sites of a portal', () => {
  it('are those that it reads and those that senders write to, each once', () => {
    const sources = { sites: [site('a')], senders: [sender(['a', 'b']), sender(['c', 'b'])] };
    expect(declarationsOf(sources).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(sitesOfPortal(sources)).toEqual({ read: ['a'], declared: ['a', 'b', 'c'] });
  });

  it('retire the clouds that any of their senders names, and stay as they are if no sender names any', () => {
    const senders = [
      sender(['b', 'c', 'd', 'constructor'], retired({ b: ['west'], c: [] })),
      sender(['b'], retired({ b: ['east', 'west'] })),
      sender(['b']),
    ];
    expect(declarationsOf({ sites: [], senders })).toEqual([
      { name: 'b', intervalMs: undefined, retiredClouds: ['west', 'east'] },
      { name: 'c', intervalMs: undefined, retiredClouds: [] },
      { name: 'd', intervalMs: undefined, retiredClouds: undefined },
      { name: 'constructor', intervalMs: undefined, retiredClouds: undefined },
    ]);
  });

  it('follow their own table if they are both read and written', () => {
    const senders = [sender(['a', 'b'], { ...retired({ a: ['west'], b: ['west'] }), intervalMs: 600_000 })];
    const sites = [site('a'), site('b', { retiredClouds: ['east'] })];
    expect(declarationsOf({ sites, senders })).toEqual(
      sites.map((one) => ({ ...one, maxProjects: null, clouds: null })),
    );
  });
});
