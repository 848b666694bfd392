import { type Attack, ALL, attacks, federate, match } from './attack.ts';
import { matcher, packed, post, query, readOf } from './read-requests.ts';

const many = (count: number, expression: string) =>
  `{${Array.from({ length: count }, (_, index) => `l${index}=~"${expression}"`).join(',')}}`;
const letters = String.raw`\\pL{1000}`.repeat(7);
const REGEX = 2;

/** Requests that a naive gate would refuse only after much work or with much memory. */
export const costs: Attack[] = [
  ...attacks(
    'a cost',
    [
      [
        'four selectors of many letters',
        'the memory of the gate',
        [1, 2, 3, 4]
          .map(() => many(20, letters))
          .map(match)
          .join('&'),
      ],
      [
        'ranges without regard to case',
        'the time of the gate',
        match(many(40, String.raw`(?i)[\\x00-\\x{ffff}]`)),
      ],
      ['nested repetitions', 'the time of the gate', match(many(20, '(((a?){10}){10}){10}'))],
      ['many small expressions', 'the time of the gate', match(many(50, '(a|b)*c{40}'))],
      ['one condition four hundred times', ALL, match(`{${'a="",'.repeat(400)}}`)],
    ],
    federate,
  ),
  ...attacks(
    'a cost of remote read',
    [
      [
        'many letters',
        'the memory of the gate',
        packed(
          readOf(
            query(Array.from({ length: 50 }, () => matcher(REGEX, 'a', String.raw`\pL{1000}`.repeat(20)))),
          ),
        ),
      ],
      ['queries of nothing', 'the memory of the gate', packed(Buffer.from('0a00'.repeat(100_000), 'hex'))],
      [
        'matchers of nothing',
        'the memory of the gate',
        packed(readOf(query(Array.from({ length: 30_000 }, () => matcher(0, '', ''))))),
      ],
    ],
    (body) => post(body),
  ),
];
