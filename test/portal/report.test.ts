import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { reportCommand } from '../../src/cli/report/report.ts';
import { onEmbeddedPostgresql } from '../ledger/fixture.ts';
import { temporaryFolder } from '../support/processes.ts';
import { documentedPortal } from './documented-portal.ts';

const page = readFileSync(new URL('../../docs/reports.md', import.meta.url), 'utf8');
/** The commands of the page that show what they print. */
const examples = [...page.matchAll(/```sh\nstackmeter report (.*)\n```\n\n```text\n([^]*?)```/g)].map(
  ([, words = '', printed = '']) => ({ words: words.split(' '), printed }),
);

onEmbeddedPostgresql('stackmeter report', (freshLedger) => {
  it('prints what docs/reports.md shows, writes files, and says in one line what is wrong', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 2) });
    onTestFinished(() => void vi.useRealTimers());
    const { url, secret } = await documentedPortal(freshLedger);
    const tokenFile = join(temporaryFolder(), 'token');
    writeFileSync(tokenFile, `${secret}\n`);
    const report = async (...words: string[]) => {
      const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      try {
        await reportCommand().parseAsync([...words, '--portal', url, '--token-file', tokenFile], {
          from: 'user',
        });
        return said.mock.calls.map(([text]) => String(text)).join('');
      } finally {
        said.mockRestore();
      }
    };
    expect(examples.length).toBeGreaterThan(1);
    for (const { words, printed } of examples)
      expect([words, await report(...words)]).toEqual([words, printed]);

    const file = join(temporaryFolder(), 'october.csv');
    expect(await report('2026-10', '--site', 'site-b', '--resource', 'vcpu', '--bom', '--output', file)).toBe(
      '',
    );
    expect(readFileSync(file, 'utf8')).toBe(
      '\ufeffsite,project_id,project_name,resource,amount,unit,coverage\r\n' +
        'site-b,0f6c4a1e,Größe,vcpu,104,vCPU-hours,measured\r\n',
    );
    const workbook = file.replace('.csv', '.xlsx');
    await report('2026-10', '--output', workbook);
    expect(readFileSync(workbook).subarray(0, 2).toString()).toBe('PK');

    // The same project is at both sites, each with its own quarter before.
    const compared = await report('2026-Q4', '--by=project', '--resource=vcpu', '--compare', '--format=csv');
    expect(compared.split('\r\n').slice(1)).toEqual([
      ...Array.from({ length: 2 }, () => '0f6c4a1e,Größe,104,vCPU-hours,32,225,measured'),
      '',
    ]);

    await expect(report('2026-10', '--grant', 'ocean')).rejects.toThrow(
      "grant: there is no grant 'ocean'; /api/v1/grants lists them",
    );
    await expect(report('2026-10', '--tz', 'Europe/Bielefeld')).rejects.toThrow(
      "--tz: there is no time zone 'Europe/Bielefeld'; names are such as Europe/Berlin",
    );
    writeFileSync(tokenFile, 'smt_wrong');
    await expect(report('2026-10')).rejects.toThrow(/^the token is not valid: .*--token-file$/);
  });
});
