import { ExpositionError, parseExposition } from '../../prometheus/text-format/text-format-parser.ts';
import { UsageView } from '../../prometheus/usage-view.ts';
import { ask, type Answer } from './ask.ts';
import { minuteWords, notOk, ok, type Finding } from './finding.ts';

/** Younger totals are never called late, also if an exporter refreshes each second. */
const LEAST_STALE_MS = 15 * 60_000;

/** How an exporter is reached, and how often it refreshes. */
export interface ExporterPlace {
  url: string;
  intervalMs: number;
}

export async function lookAtExporter({ url, intervalMs }: ExporterPlace, nowMs: number): Promise<Finding> {
  return judgeExporter(url, await ask(`${url}/metrics`), Math.max(LEAST_STALE_MS, 3 * intervalMs), nowMs);
}

/** @param staleMs totals that are older stand still. */
export function judgeExporter(url: string, answer: Answer, staleMs: number, nowMs: number): Finding {
  if ('failure' in answer)
    return notOk(
      'exporter',
      `${url} does not answer (${answer.failure})`,
      'start the exporter, or name its address with --exporter URL',
    );
  const { status, text } = answer;
  if (status === 503)
    return notOk('exporter', `${url} has ${text.trim()}`, `wait for its first refresh, or read ${url}/`);
  if (status !== 200)
    return notOk(
      'exporter',
      `${url} answers ${status}`,
      'name the address of the exporter with --exporter URL',
    );
  const view = viewOf(text);
  if (view === undefined || view.isForeign)
    return notOk(
      'exporter',
      `${url} is no exporter of usage`,
      'name the address of the exporter with --exporter URL',
    );
  const { untilMs } = view.reached;
  if (untilMs !== undefined && nowMs - untilMs > staleMs)
    return notOk(
      'exporter',
      `the totals of ${url} stand still since ${minuteWords(untilMs)}`,
      `its refreshes fail, and ${url}/ says why`,
    );
  return ok('exporter', `${url}: ${view.words(nowMs)}`, view.reached);
}

/** The series of an answer; undefined if it is not in the text format. */
function viewOf(text: string): UsageView | undefined {
  const view = new UsageView();
  try {
    for (const sample of parseExposition(text)) view.add(sample);
    return view;
  } catch (error) {
    if (error instanceof ExpositionError) return undefined;
    throw error;
  }
}
