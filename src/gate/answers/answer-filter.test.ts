import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerError } from './answer-error.ts';
import { AnswerExaminer, createAnswerFilter } from './answer-filter.ts';
import { labelHash, type LabelRewriting } from './label-rewriting.ts';
import { parsePolicy } from '../policy.ts';

const { allowed } = parsePolicy(['{__name__=~"project_.*_usage"}']);
const dropped = { dropped: new Set(['a']), hashed: new Set<string>(), hash: () => '' };

/** The part of an answer that leaves the site, or the reason why nothing does. */
function passed(answer: string | Buffer, rewriting?: LabelRewriting): string {
  const examiner = new AnswerExaminer({ allowed, rewriting });
  try {
    return [...examiner.push(Buffer.from(answer)), examiner.end()].join('');
  } catch (error) {
    if (error instanceof AnswerError) return error.message;
    throw error;
  }
}

describe('an answer', () => {
  it('passes unchanged if each line is within the policy', () => {
    const answer = '# TYPE project_a_usage untyped\nproject_a_usage{a="1" b="2"} 1 9223372036854775807\n';
    expect(passed(answer)).toBe(answer);
  });

  it.each([
    ['braces that end Prometheus 2.53', '{A} 0\n'],
    ['braces around nothing', '{} 0\n'],
    ['a name in braces without quotes', 'project_a_usage 1\n{project_a_usage} 0\n'],
    ['a newline in a value', 'project_a_usage{a="\nup 1\n"} 1\n'],
    ['a comment in a value', 'project_a_usage{a="\n# any\n"} 1\n'],
    ['a character of no width for a blank', 'project_a_usage{a="1"}\u00a01\n'],
    ['a time before all times', 'project_a_usage 1 -1\n'],
    ['text behind an end', 'project_a_usage 1\n\0\nup 1\n'],
    ['text that is not UTF-8', Buffer.from('project_a_usage{a="\xff"} 1\n', 'latin1')],
  ])('is refused with %s', (_, answer) => {
    expect(passed(answer)).toBe('the answer is not in the text format');
  });

  it('is refused if a time would change when labels are rewritten', () => {
    expect(passed('project_a_usage{a="1",b="2"} 1 5\n', dropped)).toBe(
      '# TYPE project_a_usage untyped\nproject_a_usage{b="2"} 1 5\n',
    );
    expect(passed('project_a_usage{a="1"} 1 9223372036854775807\n', dropped)).toBe(
      'the answer has a time beyond the safe range',
    );
  });

  it.each([
    ['a series', 'project_a_usage 1\nup 1\n', 'a series'],
    ['a series whose name only begins as an allowed one', 'project_a_usage_total 1\n', 'a series'],
    ['the type of another family', '# TYPE up untyped\n', 'a comment'],
    ['a type that federation does not write', '# TYPE project_a_usage counter\n', 'a comment'],
    ['help', '# HELP project_a_usage any text\n', 'a comment'],
    ['a note', 'project_a_usage 1\n# any text\n', 'a comment'],
    ['a comment behind blanks', ' \t# any text\n', 'a comment'],
  ])('is refused with %s outside the policy', (_, answer, what) => {
    expect(passed(answer)).toBe(`the answer holds ${what} outside the policy`);
  });

  /** The parts in which an answer leaves if it comes in pieces of a given size. */
  function leaving(answer: string, step: number): { parts: string[]; error: unknown } {
    const examiner = new AnswerExaminer({ allowed });
    const bytes = Buffer.from(answer);
    const parts: string[] = [];
    try {
      for (let at = 0; at < bytes.length; at += step)
        parts.push(...examiner.push(bytes.subarray(at, at + step)).map(String));
      parts.push(examiner.end().toString());
    } catch (error) {
      return { parts, error };
    }
    return { parts, error: undefined };
  }
  const lines = fc.array(fc.constantFrom('project_a_usage{a="ä"} 1\n', 'project_b_usage 2 5\n', '\n'), {
    maxLength: 6,
  });

  it('leaves complete and in whole lines, wherever it is cut', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 60 }), (some, step) => {
        const answer = `${some.join('')}project_a_usage 1`;
        const { parts, error } = leaving(answer, step);
        expect([parts.join(''), error]).toEqual([answer, undefined]);
        expect(parts.slice(0, -1).every((part) => /^$|\n$/.test(part))).toBe(true);
      }),
    );
  });

  it('lets no line leave after the first refused line, wherever it is cut', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 60 }), (some, step) => {
        const { parts, error } = leaving(`${some.join('')}up 1\nproject_a_usage 1\n`, step);
        expect(error).toBeInstanceOf(AnswerError);
        expect(some.join('').startsWith(parts.join(''))).toBe(true);
      }),
    );
  });

  it('is refused if a line has no end', () => {
    const examiner = new AnswerExaminer({ allowed });
    const push = () => examiner.push(Buffer.alloc(600_000, 'x'));
    push();
    expect(push).toThrow(AnswerError);
  });

  it('is the same as a stream, which ends with an error if the answer is refused', async () => {
    const streamed = async (answer: string) => {
      const filter = createAnswerFilter({ allowed });
      filter.end(answer);
      return Buffer.concat(await filter.toArray()).toString();
    };
    expect(await streamed('project_a_usage 1\n')).toBe('project_a_usage 1\n');
    await expect(streamed('project_a_usage 1\nup 1\n')).rejects.toThrow('a series outside the policy');
  });
});

describe('an answer whose labels are rewritten', () => {
  const hash = labelHash('a key of some length');
  const rewriting = { dropped: new Set(['a']), hashed: new Set(['project_name']), hash };

  it('has a head before each family, no dropped labels, and hashes for hashed labels', () => {
    const answer =
      '# TYPE project_a_usage untyped\n' +
      'project_a_usage{a="1",project_id="pool/x",project_name="x"} 1 5\n' +
      'project_a_usage{project_id="7",project_name=""} 2\nproject_b_usage NaN\n';
    expect(passed(answer, rewriting)).toBe(
      '# TYPE project_a_usage untyped\n' +
        `project_a_usage{project_id="pool/${hash('x')}",project_name="${hash('x')}"} 1 5\n` +
        'project_a_usage{project_id="7",project_name=""} 2\n' +
        '# TYPE project_b_usage untyped\nproject_b_usage NaN\n',
    );
  });

  it('has no comment of the original answer', () => {
    expect(passed('# any text with a secret\nproject_a_usage 1\n', rewriting)).toBe(
      '# TYPE project_a_usage untyped\nproject_a_usage 1\n',
    );
  });

  it('is refused outside the policy like any other answer', () => {
    expect(passed('up 1\n', rewriting)).toBe('the answer holds a series outside the policy');
  });
});
