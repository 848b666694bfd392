import { describe, expect, it } from 'vitest';
import { conclusionOf, isWell, linesOf, notLookedAt, notOk, ok, type Finding } from './finding.ts';

const UNTIL = Date.UTC(2026, 10, 29, 22, 14);
const exporter = ok('exporter', 'http://e: 12 projects', { projects: 12, untilMs: UNTIL });
const gate = ok('gate', 'https://g answers');
const east = ok('portal', 'east: 5 projects', { projects: 5, untilMs: UNTIL });
const west = ok('portal', 'west: 1 project', { projects: 1, untilMs: UNTIL - 60_000 });
const scrape = notOk('Prometheus', 'http://p does not scrape the exporter', 'add a job');
const stale = notOk('portal', 'east has nothing newer', 'look at the links before it');

describe('what the doctor says at the end', () => {
  it.each<[string, Finding[], boolean]>([
    [
      'All is well: usage of 6 projects up to 2026-11-29 22:13 UTC reached the portal.',
      [east, exporter, west, gate],
      true,
    ],
    [
      'All is well up to the gate: usage of 12 projects up to 2026-11-29 22:14 UTC; what comes after it was not looked at.',
      [exporter, gate, notLookedAt('portal', 'is elsewhere')],
      true,
    ],
    [
      'All is well up to the gate: an unknown amount of usage; what comes after it was not looked at.',
      [gate],
      true,
    ],
    [
      'Not well: Prometheus: http://p does not scrape the exporter: add a job.',
      [stale, exporter, gate, scrape],
      false,
    ],
    [
      'Not well: portal: east has nothing newer: look at the links before it.',
      [exporter, gate, stale],
      false,
    ],
    ['Nothing was looked at.', [notLookedAt('portal', 'is elsewhere')], false],
  ])('is one sentence, about the first link that is not well: %s', (sentence, findings, well) => {
    expect([conclusionOf(findings), isWell(findings)]).toEqual([sentence, well]);
  });
});

it('shows each link on a line, in the order of the chain', () => {
  expect(linesOf([notLookedAt('portal', 'is elsewhere', 'name it'), scrape, exporter])).toEqual([
    'exporter    ok            http://e: 12 projects',
    'Prometheus  not ok        http://p does not scrape the exporter: add a job',
    'portal      not looked at is elsewhere: name it',
  ]);
});

it('shows no control characters of a server, and not all that it says', () => {
  const evil = notOk('exporter', `\u001b[2Jhas\r\n${'x'.repeat(600)}`, 'wait\u202e');
  const [line = ''] = linesOf([evil]);
  expect(line).toMatch(/^exporter    not ok         \[2Jhas x+…: wait $/);
  expect(line.length).toBeLessThan(600);
});
