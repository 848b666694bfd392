import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { requireSameOrigin } from './same-origin.ts';

const BASE = 'https://portal.example.org/usage';

function isRefused(method: string, headers: Record<string, string>): boolean {
  try {
    requireSameOrigin({ method, headers } as unknown as FastifyRequest, BASE);
    return false;
  } catch {
    return true;
  }
}

describe('a change by a browser', () => {
  it.each([
    [{ origin: 'https://portal.example.org' }],
    [{ origin: 'https://portal.example.org', 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ])('is taken from a page of the portal: %o', (headers) => {
    expect(isRefused('POST', headers)).toBe(false);
  });

  it.each([
    [{}],
    [{ origin: 'null' }],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
    [{ origin: 'https://portal.example.org', 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'none' }],
  ])('is refused from elsewhere: %o', (headers) => {
    expect(isRefused('DELETE', headers)).toBe(true);
    expect(isRefused('GET', headers)).toBe(false);
  });
});
