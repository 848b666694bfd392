import { useContext } from 'preact/hooks';
import { Swatch } from './swatch.tsx';
import { Name } from '../controls/name.tsx';
import { correctionWords } from './corrections.ts';
import { coverageWord } from '../coverage.ts';
import { ApiContext } from '../live/api-context.ts';
import { bucketName, isInProgress } from '../period.ts';
import type { Picture, PointedAt } from './picture.ts';

/** The numbers of the hour or day under the pointer. */
export function ChartTip({ picture, pointedAt }: { picture: Picture; pointedAt: PointedAt }) {
  const api = useContext(ApiContext);
  const { stack, span, colours, scale } = picture;
  if (stack.starts[pointedAt.index] === undefined) return null;
  const coverage = stack.coverages[pointedAt.index] ?? 'none';
  const earlier = picture.earlier?.[pointedAt.index];
  const corrected = correctionWords(picture.corrections?.[pointedAt.index] ?? [], span, scale.format);
  const total = stack.totals[pointedAt.index] ?? null;
  const side = pointedAt.index < stack.starts.length / 2 ? 'right' : 'left';
  return (
    <div class={`chart-tip chart-tip-${side}`} style={{ left: `${pointedAt.leftPx}px` }} aria-hidden="true">
      <p class="chart-tip-time">
        {bucketName(span, pointedAt.index)} {span.period.zone}
        {isInProgress(span, pointedAt.index, api.nowMs()) && ', so far'}
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
      {earlier !== undefined && earlier !== null && (
        <p class="chart-tip-earlier">before: {scale.format(earlier)}</p>
      )}
      {coverage !== 'measured' && <p class="chart-tip-coverage">{coverageWord(coverage)}</p>}
      {corrected !== '' && <p>{corrected}</p>}
    </div>
  );
}
