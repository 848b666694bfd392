import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../runtime/logger.ts';
import type { PortalMetrics } from '../metrics.ts';
import type { SenderConfig, SiteRule } from '../settings/sender-settings.ts';
import { originOf, SharedJobs } from './shared-jobs.ts';
import type { SortedRequest } from './sorting.ts';

interface SenderWatch {
  rule: SiteRule;
  jobs: SharedJobs;
  /** Names of the sites in the last log line. */
  reported: string;
}

/** Reports sites of a sender in whose name another site can write, in the metrics and once in the log. */
export class SharedJobsWatch {
  readonly #logger: Logger;
  readonly #metrics: PortalMetrics;
  /** By name: the senders that name their sites by a label. */
  #senders = new Map<string, SenderWatch>();

  constructor({ logger, metrics }: { logger: Logger; metrics: PortalMetrics }) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  setSenders(senders: readonly SenderConfig[]): void {
    const before = this.#senders;
    this.#senders = new Map();
    this.#metrics.exposedSites.reset();
    for (const { name, rule } of senders) {
      if ('site' in rule) continue;
      const known = before.get(name);
      const isSame = known !== undefined && isDeepStrictEqual(known.rule, rule);
      this.#senders.set(name, isSame ? known : { rule, jobs: new SharedJobs(), reported: '' });
      this.#metrics.exposedSites.set({ sender: name }, 0);
    }
  }

  see(sender: string, { targets, usage }: SortedRequest, nowMs: number): void {
    const watched = this.#senders.get(sender);
    if (watched === undefined) return;
    const origins = usage.map(({ series: [first], site }) => originOf(first?.labels ?? {}, site));
    watched.jobs.learn(targets, origins, nowMs);
    const sites = watched.jobs.exposedSites(nowMs);
    this.#metrics.exposedSites.set({ sender }, sites.length);
    if (sites.join(' ') !== watched.reported) this.#report(sender, sites);
    watched.reported = sites.join(' ');
  }

  #report(sender: string, sites: readonly string[]): void {
    if (sites.length === 0) this.#logger.info({ sender }, 'each site of the sender has a job of its own now');
    else
      this.#logger.warn(
        { sender, sites: sites.join(', ') },
        'these sites share a job that keeps the labels of a site, so one can write in the name of another: give each its own job (docs/upgrade.md#the-portal)',
      );
  }
}
