import { codeOf } from '../../../../runtime/user-error.ts';

/** Whether a database of several nodes could not reach one of them (class 08 of PostgreSQL's error codes). */
export function isNodeDown(error: unknown): boolean {
  return codeOf(error)?.startsWith('08') === true;
}

/**
 * Does work for these sites at once. If a node is down, does the work again for each site by itself. Returns the sites whose
 * node is down. Throws any other error.
 */
export async function whereReachable<Site extends { name: string }>(
  sites: readonly Site[],
  work: (some: readonly Site[]) => Promise<void>,
): Promise<string[]> {
  if (await isDone(async () => await work(sites))) return [];
  const unavailable: string[] = [];
  for (const site of sites) if (!(await isDone(async () => await work([site])))) unavailable.push(site.name);
  return unavailable;
}

async function isDone(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isNodeDown(error)) return false;
    throw error;
  }
}
