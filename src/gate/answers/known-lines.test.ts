import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../runtime/user-error.ts';
import { parsePolicy } from '../policy.ts';
import { seriesTest } from './allowed-series.ts';
import { AnswerError } from './answer-error.ts';
import { AnswerExaminer } from './answer-filter.ts';
import { KnownLines } from './known-lines.ts';
import { LineCutter } from './line-cutter.ts';
import { type AnswerRules, TextExaminer } from './text-examiner.ts';

const policies = [
  ['{__name__=~"project_.*_usage"}'],
  ['{__name__=~"project_.*_usage",job="j"}'],
  ['{__name__=~"project_.*_usage",project_id=~"1|é|.a",job!="x"}', '{__name__="up",job=""}'],
  ['{__name__=~".+_usage",missing!~".+"}', '{__name__!="",a=~"1.2|#"}'],
].map((selectors): AnswerRules => ({ allowed: parsePolicy(selectors).allowed }));

/** Examines an answer as text only. */
function textOnly(rules: AnswerRules) {
  const [lines, text] = [new LineCutter(), new TextExaminer(rules)];
  return {
    push: (bytes: Buffer) => lines.push(bytes).map((whole) => text.examine(whole)),
    end: () => text.examine(lines.end()),
  };
}

/** The parts that leave, and what the log says of the end. The memory of each piece is used again. */
function outcome(examiner: Pick<AnswerExaminer, 'push' | 'end'>, pieces: readonly Buffer[]) {
  const parts: string[] = [];
  const kept = (part: string | Buffer) => void parts.push(Buffer.from(part).toString('latin1'));
  const memory = Buffer.alloc(Math.max(0, ...pieces.map((piece) => piece.length)));
  try {
    for (const piece of pieces) {
      piece.copy(memory);
      examiner.push(memory.subarray(0, piece.length)).forEach(kept);
      memory.fill('7');
    }
    kept(examiner.end());
    return { parts, end: '' };
  } catch (error) {
    const refusal =
      error instanceof AnswerError
        ? error
        : new AnswerError('the answer is not in the text format', { cause: error });
    return { parts, end: describeError(refusal) };
  }
}

/** @param sizes of the pieces, again and again; 0 for a piece that ends with the next newline. */
function cut(body: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, index = 0; at < body.length; index++) {
    const wanted = sizes[index % sizes.length] ?? 1;
    const newline = body.indexOf('\n', at);
    const size = wanted > 0 ? wanted : newline === -1 ? body.length : newline + 1 - at;
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** The outcomes by bytes and as text. */
function bothOutcomes(rules: AnswerRules, answer: Buffer, sizes: readonly number[]) {
  const pieces = cut(answer, sizes);
  return { byBytes: outcome(new AnswerExaminer(rules), pieces), asText: outcome(textOnly(rules), pieces) };
}

const often = <T>(usual: readonly T[], unusual: readonly T[]) =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...unusual) },
  );
const name = often(
  ['project_a_usage', 'project_b_usage'],
  ['project_a_usag', 'project_a_usage1', 'up', 'a:b_usage', '', '{', 'é_usage', ' project_a_usage'],
);
const labelName = often(
  ['job', 'project_id', 'a', 'b', 'c'],
  ['__proto__', '__name__', 'missing', 'constructor', '', '"a"', '"project_id"', 'a b', '1'],
);
// prettier-ignore
const UNUSUAL = {
  values: ['', 'x', '\\"', '\\\\', '\\n', '\\', '"', '\n', '\r', '\r#', '\r# x', '\u2028#', '\u2029 # TYPE up untyped', '\0', '\x7f', '€', '1\u00a02', '#', ',', '"} 1 5\nup{a="'],
  numbers: ['NaN', '+Inf', '-Inf', '1e999', '9e99', '1e', '.5', '5.', '', '-', '0x1', '1_0', '--1', '1e+', '1e-99', '1E5', '+1', '1'.repeat(31), `1${'0'.repeat(400)}`, '١', '1.2.3', '1e5e5', '1,5'],
  times: [' ', '  5', ' 5 ', '\t5', ' -1', ' 9007199254740993', ' 9223372036854775807', ' 9223372036854775808', ' 1.5', ' 5 5', ' x', ' # x', '\r', ' 5\r'],
};
const value = often(['j', '1', '1', 'é', 'a project', '0123456789abcdef'], UNUSUAL.values);
const number = often(['1', '0', '-12.5', '1.234567e+06', '3e-7'], UNUSUAL.numbers);
const time = often(['', ' 1700000000000', ' 5'], UNUSUAL.times);
const marks = often(
  [{ comma: ',', open: '{', close: '} ' }],
  [
    { comma: ', ', open: '{', close: '} ' },
    { comma: '', open: '{', close: '}' },
    { comma: ',', open: ' {', close: ',}  ' },
    { comma: ';', open: '{{', close: '}' },
  ],
);

interface Names {
  metric: string;
  labels: readonly string[];
}

function seriesLine({ metric, labels }: Names, values: readonly string[], point: string, mark = USUAL_MARKS) {
  const shown = labels.map((label, index) => `${label}="${values[index] ?? ''}"`).join(mark.comma);
  return `${metric}${shown === '' ? ' ' : `${mark.open}${shown}${mark.close}`}${point}`;
}
const USUAL_MARKS = { comma: ',', open: '{', close: '} ' };

/** Lines of one metric with the same labels, because the examiner remembers those. */
const linesOfShape = fc
  .record({
    names: fc.record({ metric: name, labels: fc.uniqueArray(labelName, { maxLength: 5 }) }),
    lines: fc.array(fc.tuple(fc.array(value, { minLength: 5, maxLength: 5 }), number, time, marks), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ names, lines }) =>
    lines.map(([values, amount, at, mark]) => seriesLine(names, values, `${amount}${at}`, mark)),
  );
const otherLines = fc.array(
  fc.constantFrom(
    '# TYPE project_a_usage untyped',
    '# TYPE project_b_usage untyped',
    '# TYPE up untyped',
    '# HELP project_a_usage any',
    '#',
    ' \t',
    '',
    '\ufeffproject_a_usage 1',
  ),
  { maxLength: 1 },
);
const block = fc.oneof(
  { weight: 8, arbitrary: linesOfShape },
  { weight: 1, arbitrary: otherLines },
  // Two shapes in turn.
  {
    weight: 4,
    arbitrary: fc
      .tuple(linesOfShape, linesOfShape)
      .map(([some, others]) => some.flatMap((line, index) => [line, ...others.slice(index, index + 1)])),
  },
);
const body = fc
  .tuple(fc.array(block, { maxLength: 4 }), fc.constantFrom('', '\n', '\r\n'))
  .map(([blocks, end]) => Buffer.from(blocks.flat().join('\n') + end));
const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 1 }),
      fc.constantFrom(...['"', '\\', '\n', '\r', '{', '}', ',', '=', ' ', '#', '\0', '0'].map((one) => Buffer.from(one))), // prettier-ignore
    ),
    removed: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 2 },
);
const sizes = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })), {
  minLength: 1,
  maxLength: 4,
});
const rulesArbitrary = fc.constantFrom(...policies);

function damaged(original: Buffer, places: readonly { at: number; bytes: Uint8Array; removed: number }[]) {
  return places.reduce((bytes, { at, bytes: added, removed }) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + removed)]);
  }, original);
}

describe('an answer whose lines are recognised by their bytes', () => {
  it('has the same parts and the same error as one that is read as text, wherever it is cut', () => {
    fc.assert(
      fc.property(rulesArbitrary, body, sizes, (rules, answer, cuts) => {
        const { byBytes, asText } = bothOutcomes(rules, answer, cuts);
        expect(byBytes).toEqual(asText);
      }),
      { numRuns: 500 },
    );
  });

  it('has the same parts and the same error after any damage to its bytes', () => {
    fc.assert(
      fc.property(rulesArbitrary, body, damage, sizes, (rules, answer, places, cuts) => {
        const { byBytes, asText } = bothOutcomes(rules, damaged(answer, places), cuts);
        expect(byBytes).toEqual(asText);
      }),
      { numRuns: 500 },
    );
  });

  it.each(policies)(
    'has the same parts and the same error with anything unusual between its lines',
    (rules) => {
      const names = { metric: 'project_a_usage', labels: ['job', 'a', 'project_id'] };
      const unusual = [
        ...UNUSUAL.values.flatMap((text) =>
          [0, 1, 2].map((at) => seriesLine(names, ['j', '1', '1'].with(at, text), '1 5')),
        ),
        ...UNUSUAL.numbers.map((amount) => seriesLine(names, ['j', '1', '1'], `${amount} 5`)),
        ...UNUSUAL.times.map((at) => seriesLine(names, ['j', '1', '1'], `1${at}`)),
      ];
      const usual = seriesLine(names, ['j', '1', '1'], '1 5');
      for (const line of unusual)
        for (const cuts of [[0], [1000], [7]]) {
          const answer = Buffer.from(`${usual}\n${usual}\n${line}\n${usual}\n${line}\n`);
          const { byBytes, asText } = bothOutcomes(rules, answer, cuts);
          expect(byBytes).toEqual(asText);
        }
    },
  );

  it('is not measured by a line that began like earlier ones and went on in another way', () => {
    const rules = { allowed: parsePolicy(['{__name__=~"project_.*_usage",job=~"j+"}']).allowed };
    const lines = [
      'project_a_usage{job="j",a="1"} 1',
      // The value of job ends where the value of a starts above. A space stands before the next label.
      'project_a_usage{job="jjjjj", a="1"} 1',
      'project_a_usage{job="j",a=",a="2"} 1',
    ];
    const { byBytes, asText } = bothOutcomes(rules, Buffer.from(`${lines.join('\n')}\n`), [0]);
    expect(byBytes).toEqual(asText);
    expect(asText.end).not.toBe('');
  });

  it('is not measured by a line without values, after a line that was examined as text', () => {
    const rules = { allowed: parsePolicy(['{__name__=~"project_.*_usage",job=~"j+"}']).allowed };
    const lines = [
      'project_a_usage{job="j",a="1"} 1',
      // The value of job fits. The two blanks do not, so the earlier line is forgotten.
      'project_a_usage{job="jj",a="1"}  1',
      'project_a_usage{job="",a=""} 1',
    ];
    const { byBytes, asText } = bothOutcomes(rules, Buffer.from(`${lines.join('\n')}\n`), [0]);
    expect(byBytes).toEqual(asText);
    expect(asText.end).toBe('the answer holds a series outside the policy');
  });

  it('has the same parts and the same error if it is made of any bytes', () => {
    fc.assert(
      fc.property(rulesArbitrary, fc.uint8Array({ maxLength: 60 }), sizes, (rules, bytes, cuts) => {
        const { byBytes, asText } = bothOutcomes(rules, Buffer.from(bytes), cuts);
        expect(byBytes).toEqual(asText);
      }),
    );
  });
});

describe('lines that are recognised', () => {
  const { allowed } = parsePolicy(['{__name__=~"project_.*_usage",job="j"}']);

  /** The lines that are examined as text. */
  function examinedIn(lines: readonly string[]): { examined: string[]; count: number | undefined } {
    const [examined, text] = [new Array<string>(), new TextExaminer({ allowed })];
    const known = new KnownLines({
      mentioned: new Set(['__name__', 'job']),
      isAllowed: seriesTest(allowed),
      examine: (line) => {
        examined.push(line.trimEnd());
        return text.examineLine(line);
      },
    });
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return { examined, count: known.countAllowed(bytes) };
  }

  it('are examined as text once for each name and list of labels, in any order', () => {
    const lines = [0, 1, 2, 3].flatMap((index) => [
      `project_a_usage{job="j",project_id="${index}"} ${index} 5`,
      `project_b_usage{job="j",project_id="${index}",project_name="é"} 1.5e+07`,
    ]);
    expect(examinedIn(lines)).toEqual({ examined: lines.slice(0, 2), count: 8 });
  });

  it('are examined as text if they have anything unusual', () => {
    const usual = 'project_a_usage{job="j",a="1"} 1';
    const unusual = [
      'project_a_usage{job="j",a="\\n"} 1',
      'project_a_usage{job="j",a="\u2028"} 1',
      'project_a_usage{job="j",a="\t"} 1',
      'project_a_usage{job="j",a="1"}  1',
      'project_a_usage{job="j",a="1",} 1',
      'project_a_usage{job="j",a="1"} NaN',
      'project_a_usage{job="j",a="1"} 1 9223372036854775807',
      `project_a_usage{job="j",a="${'1'.repeat(5000)}"} 1`,
    ];
    const lines = unusual.flatMap((line) => [usual, line]);
    expect(examinedIn(lines)).toEqual({ examined: [usual, ...unusual], count: 16 });
  });

  it('do not count if one must not leave the site', () => {
    const lines = ['j', 'j', 'x', 'j'].map((job) => `project_a_usage{job="${job}"} 1`);
    expect(examinedIn(lines)).toEqual({ examined: lines.slice(0, 1), count: undefined });
  });

  it('are allowed beyond the number of shapes that are remembered', () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `project_a${index}_usage{job="j"} 1`);
    expect(examinedIn([...lines, ...lines]).count).toBe(6000);
  });
});
