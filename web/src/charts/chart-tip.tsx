import { useContext } from 'preact/hooks';
import { Swatch } from './swatch.tsx';
import { Name } from '../controls/name.tsx';
import { coverageWord } from '../coverage.ts';
import { bucketLabel } from '../format.ts';
import { ApiContext } from '../live/api-context.ts';
import { isInProgress } from '../period.ts';
import type { Picture, PointedAt } from './picture.ts';

/** The numbers of the hour or day under the pointer. */
export function ChartTip({ picture, pointedAt }: { picture: Picture; pointedAt: PointedAt }) {
  const api = useContext(ApiContext);
  const { stack, span, colours, scale } = picture;
  const start = stack.starts[pointedAt.index];
  if (start === undefined) return null;
  const coverage = stack.coverages[pointedAt.index] ?? 'none';
  const total = stack.totals[pointedAt.index] ?? null;
  const side = pointedAt.index < stack.starts.length / 2 ? 'right' : 'left';
  return (
    <div class={`chart-tip chart-tip-${side}`} style={{ left: `${pointedAt.leftPx}px` }} aria-hidden="true">
      <p class="chart-tip-time">
        {bucketLabel(start, span.step)} UTC{isInProgress(start, span.step, api.nowMs()) && ', so far'}
      </p>
      {total !== null && (
        <dl>
          {stack.layers.toReversed().map(({ key, label, values }) => (
            <div key={key}>
              <dt>
                <Swatch colour={colours.get(key)} /> <Name text={label} />
              </dt>
              <dd>{scale.format(values[pointedAt.index] ?? 0)}</dd>
            </div>
          ))}
          {stack.layers.length > 1 && (
            <div class="chart-tip-total">
              <dt>Total</dt>
              <dd>{scale.format(total)}</dd>
            </div>
          )}
        </dl>
      )}
      {coverage !== 'measured' && <p class="chart-tip-coverage">{coverageWord(coverage)}</p>}
    </div>
  );
}
