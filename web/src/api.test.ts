import { describe, expect, it } from 'vitest';
import { Api, ApiError, clockOffsetMs, usageAddress } from './api.ts';

const NOW = Date.UTC(2026, 10, 22, 14);
const { signal } = new AbortController();

/** An API with prepared answers by address, and the list of requested addresses. */
function apiWith(answers: Record<string, Response>) {
  const asked: string[] = [];
  const fetchAnswer = (address: string) => {
    asked.push(address);
    const answer = answers[address];
    return answer === undefined ? Promise.reject(new TypeError('fetch failed')) : Promise.resolve(answer);
  };
  return { api: new Api(fetchAnswer, () => NOW), asked };
}

describe('the address of a usage answer', () => {
  it('asks for whole hours in UTC and escapes names', () => {
    const question = {
      fromMs: NOW - 3_600_000,
      toMs: NOW,
      zone: 'UTC',
      step: 'hour' as const,
      by: ['site', 'project'] as const,
    };
    const address = usageAddress({ ...question, site: 'a&b', projectId: 'p/1', resource: 'vcpu' }, 'csv');
    expect(address).toBe(
      'api/v1/usage?from=2026-11-22T13%3A00%3A00Z&to=2026-11-22T14%3A00%3A00Z&step=hour&by=site%2Cproject' +
        '&site=a%26b&project=p%2F1&resource=vcpu&format=csv&bom=true',
    );
    expect(usageAddress({ ...question, zone: 'Europe/Berlin' }, 'csv')).toContain('&tz=Europe%2FBerlin&');
  });
});

describe('a list', () => {
  it('is read to its end, page by page', async () => {
    const { api, asked } = apiWith({
      'api/v1/sites': Response.json({ data: ['a', 'b'], next: 'x=1' }),
      'api/v1/sites?cursor=x%3D1': Response.json({ data: ['c'], next: null }),
    });
    expect(await api.sites(signal)).toEqual(['a', 'b', 'c']);
    expect(asked).toHaveLength(2);
  });

  it('fails instead of looping if the portal repeats a cursor', async () => {
    const page = () => Response.json({ data: [], next: 'same' });
    const { api } = apiWith({ 'api/v1/sites': page(), 'api/v1/sites?cursor=same': page() });
    await expect(api.sites(signal)).rejects.toThrow('repeats a page');
  });

  it("fails with the portal's message if the portal refuses it", async () => {
    const { api } = apiWith({ 'api/v1/sites': Response.json({ error: 'no database' }, { status: 503 }) });
    await expect(api.sites(signal)).rejects.toEqual(new ApiError(503, 'no database'));
  });

  it('fails with words if a page of a network or proxy answers in place of the portal', async () => {
    const { api } = apiWith({ 'api/v1/sites': new Response('<html>') });
    await expect(api.sites(signal)).rejects.toThrow(
      'something between this browser and the portal answered in its place',
    );
  });

  it('fails with the status if a proxy refuses it', async () => {
    const { api } = apiWith({ 'api/v1/sites': new Response('<html>', { status: 502 }) });
    await expect(api.sites(signal)).rejects.toEqual(new ApiError(502, 'the portal answered 502'));
  });
});

describe('the time of the portal', () => {
  it('differs from this computer’s clock only if they are more than some seconds apart', () => {
    expect(clockOffsetMs(new Date(NOW + 90_000).toUTCString(), NOW)).toBe(90_000);
    expect(clockOffsetMs(new Date(NOW + 4_000).toUTCString(), NOW)).toBe(0);
    expect(clockOffsetMs(null, NOW)).toBe(0);
  });

  it('is known after its first answer', async () => {
    const date = new Date(NOW - 3_600_000).toUTCString();
    const { api } = apiWith({
      'api/v1/sites': Response.json({ data: [], next: null }, { headers: { date } }),
    });
    await api.sites(signal);
    expect(api.nowMs()).toBe(NOW - 3_600_000);
  });
});
