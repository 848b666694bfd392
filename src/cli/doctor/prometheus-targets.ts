import { z } from 'zod';
import { ask, jsonOf, type Answer } from './ask.ts';

const target = z.object({
  labels: z.object({ job: z.string().optional() }),
  scrapeUrl: z.string(),
  health: z.string(),
  lastError: z.string(),
  lastScrape: z.string(),
});

const answer = z.object({ data: z.object({ activeTargets: z.array(target) }) });

/** A target of a Prometheus, as its API shows it. */
export type Target = z.output<typeof target>;

/** The targets that a Prometheus scrapes. Undefined targets: another server answers, or one without this API. */
export async function readTargets(url: string): Promise<{ answer: Answer; targets: Target[] | undefined }> {
  const answered = await ask(`${url}/api/v1/targets?state=active`);
  if ('failure' in answered || answered.status !== 200) return { answer: answered, targets: undefined };
  return { answer: answered, targets: answer.safeParse(jsonOf(answered.text)).data?.data.activeTargets };
}
