import { inTurns } from '../../../../runtime/in-turns.ts';
import type { ProjectUsage } from '../../../ledger/ledger.ts';
import { linesOf, sumsOf, type ProjectLine, type ResourceSum } from './project-lines.ts';
import { sorted } from './sorted.ts';

export const SORT_BY_NAME = 'name';

/** The part of a table that is asked for. */
export interface TablePart {
  /** Words that a line has in its name, id, domain or site. */
  search?: string | undefined;
  /** A resource, the largest usage first, or `name`. */
  sort: string;
  offset: number;
  limit: number;
}

/** Some milliseconds of work: comparing names takes longer than comparing numbers. */
const NAMES_PER_STEP = 1_000;
const AMOUNTS_PER_STEP = 10_000;

/** All projects of a question with their usage. It is sorted once for each order. */
export class ProjectTable {
  readonly sums: readonly ResourceSum[];
  readonly size: number;
  readonly #byName: readonly ProjectLine[];
  readonly #byAmount = new Map<string, readonly ProjectLine[]>();

  /** @param byName the lines in the order of their names. */
  constructor(byName: readonly ProjectLine[], sums: readonly ResourceSum[]) {
    this.#byName = byName;
    this.sums = sums;
    this.size = byName.length;
  }

  async part({ search, sort, offset, limit }: TablePart): Promise<{ found: number; lines: ProjectLine[] }> {
    const found = searched(await this.#inOrder(sort), search);
    return { found: found.length, lines: found.slice(offset, offset + limit) };
  }

  async #inOrder(sort: string): Promise<readonly ProjectLine[]> {
    if (!this.sums.some(({ resource }) => resource === sort)) return this.#byName;
    const known = this.#byAmount.get(sort);
    if (known !== undefined) return known;
    const amounts = this.#byName.map((line) => ({ line, amountMs: Number(line.amounts.get(sort) ?? -1n) }));
    const byAmount = await inTurns(
      sorted(amounts, (one, other) => other.amountMs - one.amountMs, AMOUNTS_PER_STEP),
    );
    const lines = byAmount.map(({ line }) => line);
    this.#byAmount.set(sort, lines);
    return lines;
  }
}

/** Makes a table in steps of some milliseconds. */
export async function projectTable(
  projects: readonly ProjectUsage[],
  gone?: AbortSignal,
): Promise<ProjectTable> {
  const lines = await inTurns(linesOf(projects), gone);
  const sums = await inTurns(sumsOf(lines, projects), gone);
  return new ProjectTable(await inTurns(sorted(lines, compareNames, NAMES_PER_STEP), gone), sums);
}

/** The lines with every word of a search. Case does not matter. */
function searched(lines: readonly ProjectLine[], search = ''): readonly ProjectLine[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.length === 0 ? lines : lines.filter(({ text }) => words.every((word) => text.includes(word)));
}

/** The root order of Unicode, for everyone: people share an answer. Puts 9 before 10. */
const names = new Intl.Collator('en', { numeric: true });

function compareNames(one: ProjectLine, other: ProjectLine): number {
  return (
    names.compare(one.projectName, other.projectName) ||
    compared(one.site, other.site) ||
    compared(one.projectId, other.projectId)
  );
}

function compared(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
