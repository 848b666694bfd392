const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Questions about the last day without hours. Each question needs some of the dropped hours. */
function questionsOf(keptFromMs: number): Record<string, string>[] {
  const dayMs = keptFromMs - DAY;
  const periods = [
    { step: 'hour', from: dayMs, to: keptFromMs + HOUR },
    { step: 'hour', from: keptFromMs - HOUR, to: keptFromMs },
    { step: 'day', from: keptFromMs - HOUR, to: keptFromMs + HOUR },
    { step: 'month', from: dayMs + HOUR, to: keptFromMs },
    { step: 'total', from: dayMs, to: keptFromMs - HOUR },
    { step: 'total', from: keptFromMs - HOUR, to: keptFromMs + DAY },
  ];
  return periods.flatMap(({ step, from, to }) =>
    [{}, { site: 'a' }, { site: 'b' }].map((site) => ({ step, from: iso(from), to: iso(to), ...site })),
  );
}

/** A portal's status and error for each question; no rows while the portal is down. */
async function answersOf(url: string, keptFromMs: number): Promise<{ query: string; answer: string }[]> {
  const answers = questionsOf(keptFromMs).map(async (question) => {
    const query = new URLSearchParams(question).toString();
    const response = await fetch(`${url}/api/v1/usage?${query}`);
    const { error } = (await response.json()) as { error?: string };
    return { query, answer: `${response.status} ${error}` };
  });
  const settled = await Promise.allSettled(answers);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** A line for each question that was answered although it needs dropped hours. The portal may be down. */
export async function wronglyAnswered(url: string, keptFromMs: number): Promise<string[]> {
  const answers = await answersOf(url, keptFromMs);
  return answers.filter(({ answer }) => answer.startsWith('200')).map(({ query }) => `${query} was answered`);
}

/** A line for each question whose refusal differs from the expected text. Rejects if a question has no answer. */
export async function wronglyRefused(url: string, keptFromMs: number): Promise<string[]> {
  const refusal = `400 hours before ${iso(keptFromMs)} are no longer kept, only their days: ask by day, month or total, from 00:00 to 00:00 UTC`;
  const answers = await answersOf(url, keptFromMs);
  if (answers.length < questionsOf(keptFromMs).length)
    throw new Error(`${url} did not answer every question`);
  return answers.filter(({ answer }) => answer !== refusal).map(({ query, answer }) => `${query}: ${answer}`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
