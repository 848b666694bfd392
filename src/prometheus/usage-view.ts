import type { Sample } from './sample.ts';
import { EXPORTER_METRICS, resourceOfMetric } from './usage-metrics.ts';

/** The most versions that the words name. A site has one exporter for each of its clouds. */
const MAX_VERSIONS = 5;

/** The series of a site, in numbers. */
export class UsageView {
  #series = 0;
  readonly #projects = new Set<string>();
  readonly #versions = new Set<string>();
  #start = Infinity;
  #until = Infinity;
  #refreshes = 0;
  #lastSuccess = -Infinity;

  add({ name, labels, value }: Sample): void {
    if (resourceOfMetric(name) !== undefined) {
      this.#series += 1;
      this.#projects.add(`${labels['cloud'] ?? ''}/${labels['project_id'] ?? ''}`);
    } else if (name === EXPORTER_METRICS.buildInfo && this.#versions.size < MAX_VERSIONS)
      this.#versions.add(printable(labels['version'] ?? ''));
    else if (name === EXPORTER_METRICS.start) this.#start = Math.min(this.#start, value);
    else if (name === EXPORTER_METRICS.foldedUntil) this.#until = Math.min(this.#until, value);
    else if (name === EXPORTER_METRICS.lastSuccess) this.#lastSuccess = Math.max(this.#lastSuccess, value);
    else if (name === EXPORTER_METRICS.refreshes && labels['result'] === 'success') this.#refreshes += value;
  }

  get isEmpty(): boolean {
    return this.#series === 0;
  }

  /** True if nothing in the answer is of an exporter of usage. */
  get isForeign(): boolean {
    return this.isEmpty && this.#versions.size === 0 && this.#refreshes === 0 && !isTime(this.#until);
  }

  /** How many projects have usage, and up to when. */
  get reached(): { projects: number; untilMs: number | undefined } {
    const untilMs = isTime(this.#until) ? this.#until * 1000 : undefined;
    return { projects: this.#projects.size, untilMs };
  }

  words(nowMs: number): string {
    if (this.isEmpty) return `it answers, and has no usage yet: ${this.#refreshWords()}`;
    return [
      `${this.#series} series of ${count(this.#projects.size, 'project')}`,
      ...(isTime(this.#start) ? [`since ${minuteOf(this.#start)}`] : []),
      ...(isTime(this.#until) ? [`up to ${minuteOf(this.#until)} (${ageOf(this.#until, nowMs)})`] : []),
      this.#versions.size === 0
        ? 'by an exporter that does not state its version'
        : `by stackmeter ${[...this.#versions].join(', ')}`,
    ].join(', ');
  }

  #refreshWords(): string {
    if (!(this.#refreshes > 0)) return 'its exporter may still be at its first refresh';
    const last = isTime(this.#lastSuccess) ? `, the last at ${minuteOf(this.#lastSuccess)}` : '';
    return `${count(this.#refreshes, 'refresh')} of its exporter succeeded${last}, and no project can be read`;
  }
}

/** A site's number is not trusted: JavaScript has dates up to 8.64e12 seconds. */
function isTime(seconds: number): boolean {
  return seconds > 0 && seconds < 8e12;
}

/** `2026-01-01 00:00 UTC` */
function minuteOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : noun.endsWith('h') ? 'es' : 's'}`;
}

/** A site's text is not trusted, and may be shown on a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 40);
}

function ageOf(seconds: number, nowMs: number): string {
  const minutes = Math.round((nowMs / 1000 - seconds) / 60);
  if (minutes < 1) return 'now';
  return minutes < 120 ? `${count(minutes, 'minute')} ago` : `${count(Math.round(minutes / 60), 'hour')} ago`;
}
