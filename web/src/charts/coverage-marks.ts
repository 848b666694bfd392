import type uPlot from 'uplot';
import type { BucketCoverage } from '../coverage.ts';
import { bucketEnd } from '../period.ts';
import type { Picture } from './picture.ts';

const STRIP_PX = 8;

/** Draws a strip above the bars: hatched for spread usage, an empty frame for missing readings. */
export function drawCoverage(plot: uPlot, { span, stack }: Picture): void {
  stack.coverages.forEach((coverage, index) => {
    const start = stack.starts[index];
    if (start !== undefined) drawMark(plot, coverage, start, bucketEnd(span, index));
  });
}

/** Draws a triangle above the bars with corrections. */
export function drawCorrections(plot: uPlot, { span, stack, corrections = [] }: Picture): void {
  stack.starts.forEach((startMs, index) => {
    if (corrections[index]?.length) drawTriangle(plot, (startMs + bucketEnd(span, index)) / 2);
  });
}

function drawTriangle(plot: uPlot, atMs: number): void {
  const { ctx } = plot;
  const middle = plot.valToPos(atMs, 'x', true);
  const bottom = plot.bbox.top - 2 * devicePixelRatio;
  const [half, height] = [4 * devicePixelRatio, STRIP_PX * devicePixelRatio];
  ctx.save();
  ctx.beginPath();
  ctx.moveTo(middle - half, bottom - height);
  ctx.lineTo(middle + half, bottom - height);
  ctx.lineTo(middle, bottom);
  ctx.fillStyle = getComputedStyle(plot.root).getPropertyValue('--text').trim();
  ctx.fill();
  ctx.restore();
}

function drawMark(plot: uPlot, coverage: BucketCoverage, fromMs: number, toMs: number): void {
  if (coverage !== 'spread' && coverage !== 'missing') return;
  const height = STRIP_PX * devicePixelRatio;
  const left = plot.valToPos(fromMs, 'x', true);
  const width = plot.valToPos(toMs, 'x', true) - left;
  const top = plot.bbox.top - height - 2 * devicePixelRatio;
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = getComputedStyle(plot.root).getPropertyValue('--warn').trim();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  if (coverage === 'spread') hatch(ctx, left, top, width, height);
  else ctx.strokeRect(left, top, width, height);
  ctx.restore();
}

function hatch(
  ctx: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
): void {
  const gap = 4 * devicePixelRatio;
  const first = Math.floor((left - height) / gap) * gap;
  ctx.beginPath();
  for (let x = first; x < left + width; x += gap) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
}
