import { describeError } from '../../runtime/user-error.ts';

const TIMEOUT_MS = 10_000;

export type Answer = { status: number; text: string } | { failure: string };

/** Asks once. Never throws: a server that does not answer is a finding. */
export async function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  try {
    const response = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { failure: describeError(error).replace(/^fetch failed: /, '') };
  }
}

/** The body of an answer as JSON; undefined if it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
