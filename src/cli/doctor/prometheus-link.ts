import { USAGE_JOB } from '../../prometheus/usage-metrics.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import type { Answer } from './ask.ts';
import { minuteWords, notLookedAt, notOk, ok, type Finding } from './finding.ts';
import { readTargets, type Target } from './prometheus-targets.ts';

const ADDRESS = 'name its address with --prometheus URL';

/** Looks whether a Prometheus scrapes the exporter, which is at `exporter`. */
export async function lookAtPrometheus(url: string, exporter: string | undefined): Promise<Finding> {
  const { answer, targets } = await readTargets(url);
  return targets === undefined ? withoutTargets(url, answer) : judgeTargets(url, targets, exporter);
}

function withoutTargets(url: string, answer: Answer): Finding {
  return 'failure' in answer
    ? notOk('Prometheus', `${url} does not answer (${answer.failure})`, `start Prometheus, or ${ADDRESS}`)
    : notLookedAt(
        'Prometheus',
        `${url} lists no targets (it answers ${answer.status})`,
        'the gate asks it below',
      );
}

export function judgeTargets(url: string, targets: readonly Target[], exporter: string | undefined): Finding {
  const ours = targets.filter(({ labels }) => labels.job === USAGE_JOB);
  const broken = ours.find(({ health }) => health !== 'up');
  const [first] = ours;
  if (first === undefined) return notScraped(url, targets, exporter);
  if (broken?.health === 'unknown')
    return notOk(
      'Prometheus',
      `${url} has not scraped ${shownUrl(broken.scrapeUrl)} yet`,
      'wait for its first scrape',
    );
  if (broken !== undefined)
    return notOk(
      'Prometheus',
      `${url} cannot scrape ${shownUrl(broken.scrapeUrl)} (${broken.lastError})`,
      'let it reach the exporter at this address, or correct the target',
    );
  const last = ours.map(({ lastScrape }) => Date.parse(lastScrape)).sort((a, b) => a - b)[0] ?? 0;
  return ok(
    'Prometheus',
    `${url} scrapes ${ours.map(({ scrapeUrl }) => shownUrl(scrapeUrl)).join(', ')}, last at ${minuteWords(last)}`,
  );
}

function notScraped(url: string, targets: readonly Target[], exporter: string | undefined): Finding {
  const host = exporter === undefined ? undefined : new URL(exporter).host;
  const other = targets.find(({ scrapeUrl }) => URL.canParse(scrapeUrl) && new URL(scrapeUrl).host === host);
  if (other !== undefined)
    return notOk(
      'Prometheus',
      `${url} scrapes the exporter as the job '${other.labels.job ?? ''}'`,
      `call the job ${USAGE_JOB}`,
    );
  return notOk(
    'Prometheus',
    `${url} does not scrape the exporter`,
    `add to its scrape_configs { job_name: ${USAGE_JOB}, static_configs: [{ targets: ['${host ?? 'EXPORTER:8080'}'] }] }, and reload it`,
  );
}
