export interface Unanswered {
  dashboard: string;
  panel: string;
  expr: string;
  problem: string;
}

export interface View {
  /** Values chosen by hand. Each other variable has its first value, or all values if it allows that. */
  variables?: Record<string, string>;
  rangeSeconds: number;
  stepSeconds: number;
}

export function unansweredQueries(
  prometheusUrl: string,
  dashboards: readonly object[],
  view: View,
): Promise<Unanswered[]>;

export function answerOf(
  prometheusUrl: string,
  expr: string,
  values: Record<string, string>,
  view: View,
): Promise<{ metric: Record<string, string>; values: [seconds: number, value: string][] }[]>;
