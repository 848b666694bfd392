import type { CorrectionRow } from '../../../src/portal/api/shapes/quality/answers.ts';
import type { Span } from '../period.ts';
import type { AmountScale } from '../units.ts';
import type { Stack } from './stack.ts';

/** The content of a chart. */
export interface Picture {
  span: Span;
  stack: Stack;
  /** By layer key. */
  colours: ReadonlyMap<string, number>;
  scale: AmountScale;
  /** The totals of the time that the span is compared with, step by step. */
  earlier?: readonly (number | null)[] | undefined;
  /** Step by step. */
  corrections?: readonly (readonly CorrectionRow[])[];
}

/** The hour or day under the pointer, by its index. `leftPx` is its middle in CSS pixels from the left of the plot. */
export interface PointedAt {
  index: number;
  leftPx: number;
}
