import { describe, expect, it } from 'vitest';
import { AnswerError, createAnswerExaminer } from './answer-filter.ts';
import { parsePolicy } from '../policy.ts';

const { allowed } = parsePolicy(['{__name__=~"project_.*_usage"}']);
const dropped = { dropped: new Set(['a']), hashed: new Set<string>(), hash: () => '' };

/** What leaves of an answer, or why nothing does. */
function passed(answer: string | Buffer, rewriting?: typeof dropped): string {
  const examiner = createAnswerExaminer({ allowed, rewriting });
  try {
    return [examiner.push(Buffer.from(answer)), examiner.end()].join('');
  } catch (error) {
    if (error instanceof AnswerError) return error.message;
    throw error;
  }
}

describe('an answer', () => {
  it('passes as it is where each line is proven to be within the policy', () => {
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

  it('is refused where a time would be another once labels are rewritten', () => {
    expect(passed('project_a_usage{a="1",b="2"} 1 5\n', dropped)).toBe(
      '# TYPE project_a_usage untyped\nproject_a_usage{b="2"} 1 5\n',
    );
    expect(passed('project_a_usage{a="1"} 1 9223372036854775807\n', dropped)).toBe(
      'the answer holds a time beyond all others',
    );
  });
});
