/** Label values by label name, without `__name__`. */
export type Labels = Readonly<Record<string, string>>;

/** One line of the text format. */
export interface Sample {
  name: string;
  labels: Labels;
  value: number;
  /** Milliseconds since the Unix epoch; undefined if the line has no time. */
  timestampMs: number | undefined;
}
