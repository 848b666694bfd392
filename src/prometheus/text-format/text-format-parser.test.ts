import { describe, expect, it } from 'vitest';
import type { Sample } from '../sample.ts';
import { ExpositionError, ExpositionParser, parseExposition } from './text-format-parser.ts';

function sample(name: string, labels: Record<string, string>, value: number, timestampMs?: number): Sample {
  return { name, labels, value, timestampMs };
}

function problemOf(text: string): string {
  try {
    parseExposition(text);
  } catch (error) {
    if (error instanceof ExpositionError) return error.message;
    throw error;
  }
  return 'none';
}

describe('the text format', () => {
  it('is read with comments, blank lines, labels, timestamps and no newline at the end', () => {
    const text = [
      '# HELP project_vcpu_usage vCPU-hours \\n since "then"',
      '# TYPE project_vcpu_usage gauge',
      '',
      '#',
      '# anything else',
      'project_vcpu_usage{project_id="1",project_name="a"} 1.5',
      'project_vcpu_usage{project_id="2",project_name="b"} 2e3 1700000000123',
      'up 0 5',
      'up{} 1',
    ].join('\n');
    expect(parseExposition(text)).toEqual([
      sample('project_vcpu_usage', { project_id: '1', project_name: 'a' }, 1.5),
      sample('project_vcpu_usage', { project_id: '2', project_name: 'b' }, 2000, 1_700_000_000_123),
      sample('up', {}, 0, 5),
      sample('up', {}, 1),
    ]);
  });

  it('replaces the three escapes of a label value and keeps any other backslash', () => {
    expect(parseExposition(String.raw`m{a="\\ \" \n \d",b="}, c=\\"} 1`)).toEqual([
      sample('m', { a: '\\ " \n \\d', b: '}, c=\\' }, 1),
    ]);
  });

  it('accepts blanks and tabs in the same places as Prometheus, and a comma after the last label', () => {
    expect(parseExposition(' \tm \t{ a\t= "1" , b="2" ,\t} \t1 \t2 \t\nn{a="1"}3\n')).toEqual([
      sample('m', { a: '1', b: '2' }, 1, 2),
      sample('n', { a: '1' }, 3),
    ]);
  });

  it("accepts labels without commas between them, and times up to Prometheus' latest one", () => {
    expect(parseExposition('m{a="1" b="2"c="3"} 1 9223372036854775807\n{"m","a"="1""b"="2"} 1 05')).toEqual([
      sample('m', { a: '1', b: '2', c: '3' }, 1, 2 ** 63),
      sample('m', { a: '1', b: '2' }, 1, 5),
    ]);
  });

  it('accepts every way to write a number that Prometheus accepts', () => {
    const values = ['NaN', 'nan', '+Inf', 'inf', '-INF', 'Infinity', '-0', '+1', '1.', '.5', '1e-3', '1E+2'];
    expect(parseExposition(values.map((value) => `m ${value}\n`).join('')).map(({ value }) => value)).toEqual(
      [Number.NaN, Number.NaN, Infinity, Infinity, -Infinity, Infinity, -0, 1, 1, 0.5, 0.001, 100],
    );
  });

  it('accepts quoted names, with the metric name among the labels', () => {
    expect(
      parseExposition('{"my.metric" , "a.b"="1",c="2"} 1\nplain{"a b"="1"} 2\n{a="1","m\\"x"} 3'),
    ).toEqual([
      sample('my.metric', { 'a.b': '1', c: '2' }, 1),
      sample('plain', { 'a b': '1' }, 2),
      sample('m"x', { a: '1' }, 3),
    ]);
  });

  it('treats labels with special names in JavaScript like any other labels', () => {
    const [only] = parseExposition('m{__proto__="1",constructor="2",toString="3"} 1');
    expect(Object.entries(only?.labels ?? {})).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
    ]);
  });

  it('accepts newlines inside label values like Prometheus 2 and 3, except after a backslash', () => {
    const text = 'm{a="x\ny",b="\n\n"} 1\nm{a="x\ny",b="\n# TYPE \\\\\n"}\t2 3\nn 4';
    expect(parseExposition(text)).toEqual([
      sample('m', { a: 'x\ny', b: '\n\n' }, 1),
      sample('m', { a: 'x\ny', b: '\n# TYPE \\\n' }, 2, 3),
      sample('n', {}, 4),
    ]);
    expect(() => new ExpositionParser({ newlines: false }).push('m{a="x\n')).toThrow('a quote is not closed');
  });

  it('gives the same samples for all ways to cut it into chunks', () => {
    const text =
      '# TYPE m gauge\nm{a="x\\ny"} 1 2\n\nn 3\nm{a="\n\\"\n\\\\",b="\n"} 5\nm{a="\n"} 6\nlast{b="}"} 4';
    const whole = parseExposition(text);
    for (let size = 1; size <= text.length; size++) {
      const parser = new ExpositionParser();
      const samples: Sample[] = [];
      for (let at = 0; at < text.length; at += size) samples.push(...parser.push(text.slice(at, at + size)));
      expect(samples.concat(parser.end())).toEqual(whole);
    }
  });

  it('is refused with a message that names the line and the problem', () => {
    expect(problemOf('a 1\n\nb{c="1"} x\n')).toBe("line 3: 'x' is not a number");
    expect(problemOf('m{a="1",a="2"} 1')).toBe("line 1: the label 'a' appears twice");
    expect(problemOf('m{a="1} 1')).toBe('line 1: a quote is not closed');
    expect(problemOf('m{a=1} 1')).toBe("line 1: the value of the label 'a' is not in quotes");
    expect(problemOf('{"m" b="2"} 1')).toBe(`line 1: expected ',' or '}' at 'b="2"} 1'`);
    expect(problemOf('{A} 0')).toBe("line 1: expected '=' after the label name 'A'");
    expect(problemOf('m{a="1",,b="2"} 1')).toBe(`line 1: expected a label name at ',b="2"} 1'`);
    expect(problemOf('m{a="x\n')).toBe('line 1: a quote is not closed');
    expect(problemOf('m{a="x\ny"} 1\nn')).toBe('line 3: the value is missing');
    expect(problemOf('m{a="\\\ny"} 1')).toBe('line 1: a quote is not closed');
    expect(problemOf('m{a="x\n\\\ny"} 1')).toBe('line 1: a quote is not closed');
    expect(problemOf('{"m\nn"} 1')).toBe('line 1: a quote is not closed');
    expect(problemOf(`m{a="${'x\n'.repeat(600_000)}`)).toBe('line 1: longer than 1048576 characters');
    expect(problemOf('m{,} 1')).toBe("line 1: expected a label name at ',} 1'");
    expect(problemOf('m{"a"} 1')).toBe("line 1: expected '=' after the label name 'a'");
    expect(problemOf('{a="1"} 1')).toBe('line 1: a metric name is missing');
    expect(problemOf('m{__name__="n"} 1')).toBe("line 1: '__name__' cannot be a label here");
    expect(problemOf('m')).toBe('line 1: the value is missing');
    expect(problemOf('m 1 2 3')).toBe("line 1: unexpected '3' after the timestamp");
    expect(problemOf('m 1 1.5')).toBe("line 1: '1.5' is not a timestamp in milliseconds");
    expect(problemOf('m 1 -5')).toBe("line 1: '-5' is not a timestamp in milliseconds");
    expect(problemOf('m 1 9223372036854775808')).toBe(
      'line 1: the timestamp 9223372036854775808 is out of range',
    );
    expect(problemOf('# TYPE m gouge')).toBe("line 1: 'gouge' is not a metric type");
    expect(problemOf('# HELP 1')).toBe('line 1: HELP has no metric name');
    expect(problemOf('# \t TYPE  "m" gouge')).toBe("line 1: 'gouge' is not a metric type");
    expect(problemOf('# TYPE "m gauge\n"')).toBe('line 1: a quote is not closed');
    for (const free of ['#', '# ', '#HELP 1', '# HELP', '# HEL\n', '# HELPER 1', '# TYPE "m" gauge\t'])
      expect(problemOf(free)).toBe('none');
    expect(problemOf('x'.repeat(2_000_000))).toBe('line 1: longer than 1048576 characters');
  });

  it.each(['1e999', '0x10', '0b1', '1_000', '--1', '1e', '.', 'infin', '+nan', '1\r'])(
    'refuses the value %j',
    (value) => {
      expect(problemOf(`m ${value}\n`)).toMatch(/^line 1: /);
    },
  );
});
