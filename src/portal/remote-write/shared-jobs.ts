import type { Labels } from '../../prometheus/sample.ts';

/** The origin of a series, according to its labels. */
export interface Origin {
  /** The value of the label that names the site; empty without this label. */
  site: string;
  job: string;
  instance: string;
}

/** The largest number of a sender's targets, and of its origins of usage. */
const MOST_ORIGINS = 1000;
const LONGEST_ORIGIN = 1000;
/** A target is forgotten after this time without samples, such as after a change of the sender's configuration. */
const KEPT_MS = 3_600_000;
/** The `up` of a scrape may come in another request than its usage, at most this much later. */
const PATIENCE_MS = 15_000;

export function originOf({ job = '', instance = '' }: Labels, site: string): Origin {
  return { site, job, instance };
}

/**
 * Finds the sites of a sender that share a job which keeps the labels of a site (`honor_labels`): with such a job one site
 * can write in the name of another. Each target has a series `up` with the target's own labels. If the job and the instance
 * of usage match no target, they come from the site, and so does the label that names the site.
 */
export class SharedJobs {
  readonly #targets = new Origins();
  readonly #usage = new Origins();

  learn(targets: readonly Origin[], usage: readonly Origin[], nowMs: number): void {
    for (const origin of targets) this.#targets.see(origin, nowMs);
    for (const origin of usage) this.#usage.see(origin, nowMs);
  }

  /** The sites in whose name another site can write. A site with a job of its own is safe. */
  exposedSites(nowMs: number): string[] {
    this.#targets.forgetBefore(nowMs - KEPT_MS);
    this.#usage.forgetBefore(nowMs - KEPT_MS);
    const claimed = this.#usage
      .since(nowMs - PATIENCE_MS)
      .filter((origin) => !this.#targets.has(origin))
      .map(({ site }) => site);
    const targets = this.#targets.since(nowMs);
    return [...new Set(claimed)].filter((site) => sharesAllJobs(site, targets)).toSorted();
  }
}

function sharesAllJobs(site: string, targets: readonly Origin[]): boolean {
  const own = new Set(targets.filter((target) => target.site === site).map(({ job }) => job));
  const others = new Set(targets.filter((target) => target.site !== site).map(({ job }) => job));
  return own.size > 0 && [...own].every((job) => others.has(job));
}

/** A bounded number of origins, with the first and the last time of each. */
class Origins {
  readonly #seen = new Map<string, { origin: Origin; firstMs: number; lastMs: number }>();

  see(origin: Origin, nowMs: number): void {
    const key = keyOf(origin);
    const known = this.#seen.get(key);
    if (known !== undefined) known.lastMs = nowMs;
    else if (this.#seen.size < MOST_ORIGINS && key.length <= LONGEST_ORIGIN)
      this.#seen.set(key, { origin, firstMs: nowMs, lastMs: nowMs });
  }

  has(origin: Origin): boolean {
    return this.#seen.has(keyOf(origin));
  }

  /** The origins that have been known since an instant or longer. */
  since(ms: number): Origin[] {
    return [...this.#seen.values()].filter(({ firstMs }) => firstMs <= ms).map(({ origin }) => origin);
  }

  forgetBefore(ms: number): void {
    for (const [key, { lastMs }] of this.#seen) if (lastMs < ms) this.#seen.delete(key);
  }
}

function keyOf({ site, job, instance }: Origin): string {
  return `${site}\0${job}\0${instance}`;
}
