import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger, flatLogger } from './logger.ts';

function logged() {
  let text = '';
  const destination = new Writable({ write: (chunk: Buffer, _, done) => (done(), void (text += chunk)) });
  const logger = createLogger({ destination, pretty: false }).child({ role: 'gate' });
  return { logger, lines: () => text.replaceAll(/"time":"[^"]*"/g, '"time":""') };
}

describe('a logger', () => {
  it('redacts secrets in nested fields', () => {
    const { logger, lines } = logged();
    logger.info({ login: { user: 'u', password: 'p', token: 't', secret: 's', authorization: 'a' } }, 'x');
    expect(lines()).toBe(
      '{"level":"info","time":"","role":"gate","login":{"user":"u","password":"[Redacted]","token":"[Redacted]",' +
        '"secret":"[Redacted]","authorization":"[Redacted]"},"msg":"x"}\n',
    );
  });

  it('writes the same line for texts and numbers if it is flat', () => {
    const { logger, lines } = logged();
    const line = { from: '::1', bytes: 5, why: 'a "b"', token: undefined };
    logger.info(line, 'x');
    flatLogger(logger).info(line, 'x');
    const once =
      '{"level":"info","time":"","role":"gate","from":"::1","bytes":5,"why":"a \\"b\\"","msg":"x"}\n';
    expect(lines()).toBe(once + once);
  });
});
