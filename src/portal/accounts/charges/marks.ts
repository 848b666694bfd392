/** A time whose usage is not charged (rule C6): that of an account, of a site, or of a project or cloud there. */
export interface Mark {
  name: string;
  reason: string;
  account?: string | undefined;
  site?: string | undefined;
  cloud?: string | undefined;
  projectId?: string | undefined;
  fromMs: number;
  /** Exclusive; infinite without an end. */
  toMs: number;
}

interface MarkedUsage {
  account?: string | undefined;
  site: string;
  cloud?: string | undefined;
  projectId?: string | undefined;
  startMs: number;
}

/** The first mark that usage is under. It is usage of a part of the time in which no mark begins or ends. */
export function markOf(marks: readonly Mark[], usage: MarkedUsage): Mark | undefined {
  return marks.find(
    (mark) =>
      mark.fromMs <= usage.startMs &&
      usage.startMs < mark.toMs &&
      (['account', 'site', 'cloud', 'projectId'] as const).every(
        (key) => mark[key] === undefined || mark[key] === usage[key],
      ),
  );
}

/** The marks that count in a part of the time, in which none begins or ends. */
export function marksIn(marks: readonly Mark[], { fromMs }: { fromMs: number }): Mark[] {
  return marks.filter((mark) => mark.fromMs <= fromMs && fromMs < mark.toMs);
}
