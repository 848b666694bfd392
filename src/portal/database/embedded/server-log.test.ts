import { describe, expect, it } from 'vitest';
import { readServerLogLine } from './server-log.ts';

describe('readServerLogLine', () => {
  it('reports alarming lines as such, and all others as debug', () => {
    const line = (severity: string) => `2026-01-01 00:00:00.000 UTC [7] ${severity}:  what happened`;
    expect(
      ['LOG', 'ERROR', 'FATAL', 'WARNING', 'PANIC'].map((severity) => readServerLogLine(line(severity))),
    ).toEqual(
      ['debug', 'debug', 'debug', 'warn', 'error'].map((level) => ({ level, text: 'what happened' })),
    );
  });

  it('keeps lines without a severity', () => {
    expect(readServerLogLine('\tcontinued')).toEqual({ level: 'debug', text: '\tcontinued' });
  });
});
