import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/processes.ts';
import { reportCommand } from './report.ts';

describe('a report', () => {
  it.each([
    [
      'https://portal.example',
      'name.secret\nother.secret',
      /^--token-file: .* must hold one token of the API/,
    ],
    [
      'http://portal.example',
      'smt_secret',
      /^--portal: http:\/\/portal.example would get the token unencrypted/,
    ],
  ])('sends %s no secret that is not for it', async (portal, text, message) => {
    const file = join(temporaryFolder(), 'tokens');
    writeFileSync(file, text);
    const asked = reportCommand().parseAsync(['--portal', portal, '--token-file', file], { from: 'user' });
    await expect(asked).rejects.toThrow(message);
  });
});
