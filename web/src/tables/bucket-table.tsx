import { useContext } from 'preact/hooks';
import { COVERAGE_MEANING, coverageWord, type BucketCoverage } from '../coverage.ts';
import { isoInstant } from '../format.ts';
import { ApiContext } from '../live/api-context.ts';
import { bucketName, isInProgress, type Span } from '../period.ts';
import { pageOf } from './project-list.ts';
import type { AmountScale } from '../units.ts';
import { AmountCell } from './amount-cell.tsx';
import { Pager } from './pager.tsx';
import { AmountHead, Table } from './table.tsx';

/** A column with an amount for each hour or day of the span. */
export interface BucketColumn {
  key: string;
  label: string;
  unit: string;
  scale: AmountScale;
  values: readonly (number | null)[];
  /** How each amount was corrected; '' if it was not. */
  corrected?: readonly string[] | undefined;
}

interface BucketTableProps {
  caption: string;
  span: Span;
  starts: readonly number[];
  coverages: readonly BucketCoverage[];
  columns: readonly BucketColumn[];
  page: number;
  onPage: (page: number) => void;
}

const PAGE_SIZE = 48;

const STEP_HEADS = { hour: 'Hour', day: 'Day', month: 'Month' } as const;

/** The numbers of usage by hour or day, newest first. */
export function BucketTable({ caption, span, starts, coverages, columns, page, onPage }: BucketTableProps) {
  const newestFirst = starts.map((_, index) => starts.length - 1 - index);
  const shown = pageOf(newestFirst, page, PAGE_SIZE);
  return (
    <>
      <Table caption={caption} class="bucket-table">
        <thead>
          <tr>
            <th scope="col">
              {STEP_HEADS[span.step]} ({span.period.zone})
            </th>
            {columns.map(({ key, label, scale }) => (
              <AmountHead key={key}>
                {label} <span class="unit">{scale.unit}</span>
              </AmountHead>
            ))}
            <th scope="col">Coverage</th>
          </tr>
        </thead>
        <tbody>
          {shown.items.map((index) => (
            <BucketLine
              key={starts[index]}
              startMs={starts[index] ?? 0}
              index={index}
              span={span}
              columns={columns}
              coverage={coverages[index] ?? 'none'}
            />
          ))}
        </tbody>
      </Table>
      <Pager noun={`${span.step}s`} shown={shown} onPage={onPage} />
    </>
  );
}

interface BucketLineProps {
  startMs: number;
  index: number;
  span: Span;
  columns: readonly BucketColumn[];
  coverage: BucketCoverage;
}

function BucketLine({ startMs, index, span, columns, coverage }: BucketLineProps) {
  const api = useContext(ApiContext);
  return (
    <tr>
      <th scope="row">
        <time dateTime={isoInstant(startMs)}>{bucketName(span, index)}</time>
        {isInProgress(span, index, api.nowMs()) && <span class="so-far">so far</span>}
      </th>
      {columns.map(({ key, unit, scale, values, corrected }) => (
        <AmountCell
          key={key}
          amount={values[index] ?? undefined}
          unit={unit}
          scale={scale}
          corrected={corrected?.[index]}
        />
      ))}
      <td class={`coverage-cell coverage-${coverage}`} title={COVERAGE_MEANING[coverage]}>
        {coverageWord(coverage)}
      </td>
    </tr>
  );
}
