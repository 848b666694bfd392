import { describe, expect, it } from 'vitest';
import { originOf, SharedJobs, type Origin } from './shared-jobs.ts';

const MINUTE = 60_000;
const target = (job: string, site: string): Origin => ({ site, job, instance: `gate-${site}` });
const ofExporter = (site: string): Origin => ({ site, job: 'project_usages', instance: `exporter-${site}` });

/** The sites in whose name another can write, after a minute of samples. */
function exposedBy(targets: readonly Origin[], usage: readonly Origin[]): string[] {
  const jobs = new SharedJobs();
  for (const nowMs of [0, MINUTE]) jobs.learn(targets, usage, nowMs);
  return jobs.exposedSites(MINUTE);
}

const usage = [ofExporter('a'), ofExporter('b')];
const shared = [target('federate', 'a'), target('federate', 'b')];
const ownJobs = [target('site/a', 'a'), target('site/b', 'b')];

describe('sites whose usage comes through one job', () => {
  it('are exposed if the usage has job and instance from the site', () => {
    expect(exposedBy(shared, usage)).toEqual(['a', 'b']);
    expect(exposedBy([target('project_usages', 'a'), target('project_usages', 'b')], usage)).toEqual([
      'a',
      'b',
    ]);
  });

  it('are exposed beside sites with jobs of their own', () => {
    const targets = [...shared, target('site/c', 'c')];
    expect(exposedBy(targets, [...usage, ofExporter('c')])).toEqual(['a', 'b']);
  });

  it('are exposed to a target that names no site, or a site that the sender must not write to', () => {
    expect(exposedBy([target('federate', 'a'), target('federate', '')], usage)).toEqual(['a']);
    expect(exposedBy([target('federate', 'a'), target('federate', 'foreign')], usage)).toEqual(['a']);
  });

  it('are not exposed if the job overwrites the labels of a site', () => {
    expect(exposedBy(shared, shared)).toEqual([]);
  });
});

describe('sites with a job each', () => {
  it('are not exposed, even if another job has targets of all of them', () => {
    expect(exposedBy(ownJobs, usage)).toEqual([]);
    expect(exposedBy([...ownJobs, target('probe', 'a'), target('probe', 'b')], usage)).toEqual([]);
  });

  it('are not exposed if their targets do not name them, or are not written', () => {
    expect(exposedBy([target('prometheus', '')], usage)).toEqual([]);
    expect(exposedBy([], usage)).toEqual([]);
  });

  it('are no longer exposed an hour after their shared job ended', () => {
    const jobs = new SharedJobs();
    jobs.learn(shared, usage, 0);
    const exposed = [1, 61].map((minute) => {
      jobs.learn([], usage, minute * MINUTE);
      return jobs.exposedSites(minute * MINUTE);
    });
    expect(exposed).toEqual([['a', 'b'], []]);
    jobs.learn([...shared, ...ownJobs], usage, 62 * MINUTE);
    expect(jobs.exposedSites(62 * MINUTE)).toEqual([]);
  });
});

describe('the knowledge about a sender', () => {
  it('needs time: the series of a target come after its usage', () => {
    const jobs = new SharedJobs();
    jobs.learn([target('federate', 'a'), target('federate', '')], [target('other', 'a')], 0);
    expect([jobs.exposedSites(14_000), jobs.exposedSites(15_000)]).toEqual([[], ['a']]);
    jobs.learn([target('other', 'a')], [], 16_000);
    expect(jobs.exposedSites(16_000)).toEqual([]);
  });

  it('is bounded in number and length', () => {
    const many = Array.from({ length: 1000 }, (_, n) => target(`job-${n}`, 'c'));
    expect(exposedBy([...many, ...shared], usage)).toEqual([]);
    expect(exposedBy([...many.slice(2), ...shared], usage)).toEqual(['a', 'b']);
    const long = 'x'.repeat(1000);
    expect(exposedBy([target(long, 'a'), target(long, 'b')], usage)).toEqual([]);
  });

  it('comes from the labels of a series', () => {
    expect(originOf({ job: 'j', instance: 'i', location: 'b' }, 'a')).toEqual({
      site: 'a',
      job: 'j',
      instance: 'i',
    });
    expect(originOf({}, 'a')).toEqual({ site: 'a', job: '', instance: '' });
  });
});
