const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Questions about the last day whose hours are dropped, each of which needs some of them. */
function questionsOf(keptFromMs: number): Record<string, string>[] {
  const dayMs = keptFromMs - DAY;
  const asked = [
    { step: 'hour', from: dayMs, to: keptFromMs + HOUR },
    { step: 'hour', from: keptFromMs - HOUR, to: keptFromMs },
    { step: 'day', from: keptFromMs - HOUR, to: keptFromMs + HOUR },
    { step: 'month', from: dayMs + HOUR, to: keptFromMs },
    { step: 'total', from: dayMs, to: keptFromMs - HOUR },
    { step: 'total', from: keptFromMs - HOUR, to: keptFromMs + DAY },
  ];
  return asked.flatMap(({ step, from, to }) =>
    [{}, { site: 'a' }, { site: 'b' }].map((site) => ({ step, from: iso(from), to: iso(to), ...site })),
  );
}

/** What a portal says to each: its status, and the reason of a refusal; nothing where it is down. */
async function answersOf(url: string, keptFromMs: number): Promise<{ asked: string; said: string }[]> {
  const answers = questionsOf(keptFromMs).map(async (question) => {
    const asked = new URLSearchParams(question).toString();
    const response = await fetch(`${url}/api/v1/usage?${asked}`);
    const { error } = (await response.json()) as { error?: string };
    return { asked, said: `${response.status} ${error}` };
  });
  const settled = await Promise.allSettled(answers);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** One line for each question that was answered though it needs hours that are gone; a portal may be down. */
export async function answeredThoughGone(url: string, keptFromMs: number): Promise<string[]> {
  const answers = await answersOf(url, keptFromMs);
  return answers.filter(({ said }) => said.startsWith('200')).map(({ asked }) => `${asked} was answered`);
}

/** One line for each question that was not refused in the words that it has to be. Rejects where one was not answered. */
export async function notRefused(url: string, keptFromMs: number): Promise<string[]> {
  const refusal = `400 from: hours before ${iso(keptFromMs)} are no longer kept, only their days: ask by day, month or total, from 00:00 to 00:00 UTC`;
  const answers = await answersOf(url, keptFromMs);
  if (answers.length < questionsOf(keptFromMs).length) throw new Error(`${url} left a question open`);
  return answers.filter(({ said }) => said !== refusal).map(({ asked, said }) => `${asked}: ${said}`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
