import { expect } from 'vitest';
import { runStackmeter, type Running } from '../support/processes.ts';
import { walk } from './walk.ts';

/** A site whose configuration is in a folder. */
interface Site {
  folder: string;
  cloud: Running;
  /** Starts the cloud again at its address. */
  startCloud: () => Promise<unknown>;
  exporter: Running;
  /** The exporter's page. */
  page: string;
}

/** Walks as somebody of the site whose OpenStack is down, by docs/troubleshooting.md. */
export async function walkAtNight({ folder, cloud, startCloud, exporter, page }: Site): Promise<void> {
  const run = async (command: string) => {
    const { code, output } = await runStackmeter(command.split(' '), { cwd: folder });
    return [code, output.trimEnd().split('\n').at(-1)];
  };
  const pageWith = async (words: RegExp) =>
    await expect
      .poll(async () => await (await fetch(page, { headers: { accept: 'text/html' } })).text())
      .toMatch(words);
  await walk('docs/troubleshooting.md', 'A walk at night', {
    '`stackmeter doctor` ends with the first link that is not well: OpenStack does not answer.': async () => {
      await cloud.stop();
      await expect
        .poll(async () => await run('doctor'))
        .toEqual([1, expect.stringMatching(/^Not well: OpenStack: .*ECONNREFUSED/)]);
    },
    "The exporter's page, `http://127.0.0.1:8080`, says since when refreshes fail, and why.": async () => {
      await pageWith(/Not OK:.*fail since \d{4}-.*ECONNREFUSED/);
    },
    "The exporter's log says so too, with what becomes of the usage: the next complete refresh counts it.":
      async () => {
        await exporter.waitFor(/refreshes fail; the next complete one counts the usage of this time/);
      },
    '`stackmeter exporter --check --config exporter.toml` asks OpenStack again, and ends with what is wrong.':
      async () => {
        await expect
          .poll(async () => await run('exporter --check --config exporter.toml'))
          .toEqual([1, expect.stringContaining('ECONNREFUSED')]);
      },
    "Once OpenStack answers, the exporter's log says that refreshes succeed again, and its page has no fault.":
      async () => {
        await startCloud();
        await exporter.waitFor(/refreshes succeed again/);
        await pageWith(/^(?![^]*Not OK)[^]*All projects/);
      },
    '`stackmeter gate --check --config gate.toml` says what a portal would get, and ends with `ready`.':
      async () => {
        await expect
          .poll(async () => await run('gate --check --config gate.toml'))
          .toEqual([0, expect.stringMatching(/^ready /)]);
      },
    '`stackmeter doctor` ends with "All is well": the usage reached the portal.': async () => {
      await expect
        .poll(async () => await run('doctor'))
        .toEqual([0, expect.stringMatching(/^All is well: usage of 24 projects/)]);
    },
  });
}
