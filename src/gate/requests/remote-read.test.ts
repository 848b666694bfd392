import { describe, expect, it } from 'vitest';
import { encodeReadRequest, type ReadQuery } from '../../prometheus/remote/remote-read.ts';
import { parseSelector } from '../../prometheus/selectors/selectors.ts';
import { parsePolicy, type Selector } from '../policy.ts';
import { Refusal } from '../refusal.ts';
import { decideRead } from './remote-read.ts';

const DAY_MS = 86_400_000;
const POLICY = parsePolicy(['{__name__=~"project_.*_usage"}']);

const query = (more: Partial<ReadQuery> = {}): ReadQuery => ({
  startMs: 0,
  endMs: DAY_MS,
  matchers: parseSelector('project_mb_usage'),
  ...more,
});

/** The request to Prometheus, or status and line of the refusal, and the charged selectors. */
function decided(body: Uint8Array): [outcome: unknown, charged: readonly Selector[]] {
  let charged: readonly Selector[] = [];
  try {
    return [decideRead(body, POLICY, (selectors) => (charged = selectors)), charged];
  } catch (error) {
    if (error instanceof Refusal) return [`${error.status} ${error.message}`, charged];
    throw error;
  }
}

const asked = (...queries: ReadQuery[]) => decided(encodeReadRequest(queries, ['streamed-chunks']))[0];

describe('a remote read', () => {
  it('is forwarded in queries that the gate writes, in the form that the client accepts', () => {
    const forwarded = [
      ...parseSelector('project_mb_usage'),
      ...parseSelector(
        '{__name__=~"project_.*_usage",__name__!="project_server_usage",__name__!="stackmeter_exporter_flavor_info"}',
      ),
    ];
    expect(asked(query())).toEqual({
      queries: [{ startMs: 0, endMs: DAY_MS, matchers: forwarded }],
      answer: 'streamed-chunks',
    });
  });

  it('is refused if one of its queries is outside the policy', () => {
    expect(asked(query(), query({ matchers: parseSelector('up') }))).toBe(
      '403 selector 2 is not within what this gate gives out',
    );
  });

  it.each<[string, ReadQuery[], string]>([
    ['no query', [], '400 between 1 and 10 queries are accepted'],
    ['eleven', Array.from({ length: 11 }, () => query()), '400 between 1 and 10 queries are accepted'],
    ['an end before its beginning', [query({ startMs: 2, endMs: 1 })], '400 a query ends before it begins'],
    ['more than a year', [query({ endMs: 366 * DAY_MS + 1 })], '400 a query is for more than 366 days'],
    [
      'a label without a name',
      [query({ matchers: [{ label: '', op: '=', value: 'x' }] })],
      '400 a query has a matcher that is not accepted',
    ],
    [
      'an expression that is none',
      [query({ matchers: [{ label: 'a', op: '=~', value: '(' }] })],
      '400 a query has a matcher that is not accepted',
    ],
  ])('with %s is refused', (_what, queries, line) => {
    expect(asked(...queries)).toBe(line);
  });

  it('is charged before its regular expressions are checked', () => {
    const matchers: Selector = [{ label: 'a', op: '=~', value: '(' }];
    const [outcome, charged] = decided(encodeReadRequest([query({ matchers: [...matchers] })], []));
    expect([outcome, charged]).toEqual(['400 a query has a matcher that is not accepted', [matchers]]);
  });

  it('is refused without a charge if its bytes are not a remote read', () => {
    const [outcome, charged] = decided(Buffer.from('nonsense'));
    expect(outcome).toMatch(/^400 this is not a remote read request: /);
    expect(charged).toEqual([]);
  });
});
