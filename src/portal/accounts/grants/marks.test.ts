import { describe, expect, it } from 'vitest';
import { firstIssue } from '../../../runtime/settings/strict-table.ts';
import { markDifference, markDocument } from './marks.ts';

const MARK = { name: 'm', reason: 'power cut', site: 'a', from: '2026-05-01' };

describe('a mark', () => {
  it.each([
    [{ site: undefined }, 'site: missing; name a site or an account'],
    [{ account: 'uni' }, 'account: stands beside a site; a mark is for an account or for a site'],
    [
      { site: undefined, account: 'uni', project: 'p' },
      'account: stands beside a site; a mark is for an account or for a site',
    ],
    [
      { to: '2026-05-01' },
      'to: must be after from (2026-05-01T00:00:00Z); to is the first hour that is charged again',
    ],
    [{ reason: undefined }, 'reason: missing'],
  ])('is refused if %j', (others, message) => {
    const result = markDocument.safeParse({ ...MARK, ...others });
    expect(result.error && firstIssue(result.error)).toBe(message);
  });

  it('differs in words', () => {
    const [one, other] = [MARK, { ...MARK, project: 'p', to: '2026-05-02T13:00Z' }].map((mark) =>
      markDocument.parse(mark),
    );
    expect(one && markDifference('m', undefined, one)).toEqual([
      'mark m: new',
      'mark m: reason none → "power cut"',
      'mark m: site none → "a"',
      'mark m: from none → 2026-05-01',
    ]);
    expect(other && markDifference('m', one, other)).toEqual([
      'mark m: project none → "p"',
      'mark m: to open → 2026-05-02T13:00Z',
    ]);
    expect(markDifference('m', one, null)).toEqual(['mark m: removed']);
  });
});
