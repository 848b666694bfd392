import type { Span } from '../period.ts';
import type { AmountScale } from '../units.ts';
import type { Stack } from './stack.ts';

/** What a chart shows. */
export interface Picture {
  span: Span;
  stack: Stack;
  /** By layer key. */
  colours: ReadonlyMap<string, number>;
  scale: AmountScale;
}

/** What the pointer is on: the index of an hour or day, and where its middle is, in CSS pixels from the plot's left. */
export interface PointedAt {
  index: number;
  leftPx: number;
}
