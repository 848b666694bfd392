import { useState } from 'preact/hooks';
import { usageAddress } from '../../api.ts';
import { DownloadLink } from '../../controls/download-link.tsx';
import { Name } from '../../controls/name.tsx';
import { share } from '../../format.ts';
import { boundsOf, fileName, periodLabel, spanWords, type Span } from '../../period.ts';
import { changeOf } from '../../periods/change.ts';
import { resourceLabel } from '../../resources.ts';
import type { GroupKind } from '../../routing.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { CoverageMark } from '../../tables/coverage-mark.tsx';
import { Pager } from '../../tables/pager.tsx';
import { pageOf } from '../../tables/project-list.ts';
import type { ResourceTotal } from '../../tables/project-usage.ts';
import { AmountHead, Table } from '../../tables/table.tsx';
import { scaleFor, type AmountScale } from '../../units.ts';
import { KEYS, type Group, type Totals } from '../data/totals-data.ts';

const PAGE_SIZE = 50;

interface TotalsTableProps {
  by: GroupKind;
  totals: Totals;
  resource: ResourceTotal;
}

/** All groups with their sums, and those of the time before. */
export function TotalsTable({ by, totals, resource: { resource, unit, amount } }: TotalsTableProps) {
  const [page, setPage] = useState(1);
  const { span, groups } = totals;
  const earlier = totals.earlier?.span;
  const before = groups.reduce((sum, group) => sum + group.earlier, 0);
  const scale = scaleFor(unit, Math.max(amount, before));
  const shown = pageOf(groups, page, PAGE_SIZE);
  const words = `${resourceLabel(resource)} by ${by}`;
  const all = { amount, earlier: before };
  const isCompared = earlier !== undefined;
  return (
    <section class="card" aria-labelledby="totals-heading">
      <div class="card-head">
        <h2 id="totals-heading">
          {words} <span class="heading-detail">{spanWords(span)}</span>
        </h2>
        <Downloads by={by} resource={resource} span={span} earlier={earlier} />
      </div>
      <Table caption={`${words} in ${periodLabel(span.period)}`} class="totals-table">
        <thead>
          <tr>
            <th scope="col">{by[0]?.toUpperCase() + by.slice(1)}</th>
            <AmountHead>
              Used <span class="unit">{scale.unit}</span>
            </AmountHead>
            <AmountHead>Share</AmountHead>
            {earlier !== undefined && <EarlierHeads span={earlier} />}
            <th scope="col">Coverage</th>
          </tr>
        </thead>
        <tbody>
          {shown.items.map((group) => (
            <GroupLine
              key={group.key}
              group={group}
              all={all}
              isCompared={isCompared}
              scale={scale}
              unit={unit}
            />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            <AmountCell amount={amount} unit={unit} scale={scale} />
            <td class="amount">{share(amount, amount)}</td>
            {isCompared && <EarlierCells sums={all} unit={unit} scale={scale} />}
            <td />
          </tr>
        </tfoot>
      </Table>
      <Pager noun="lines" shown={shown} onPage={setPage} />
    </section>
  );
}

interface GroupLineProps {
  group: Group;
  all: Pick<Group, 'amount'>;
  isCompared: boolean;
  unit: string;
  scale: AmountScale;
}

function GroupLine({ group, all, isCompared, unit, scale }: GroupLineProps) {
  const { name, site, amount, coverage } = group;
  return (
    <tr>
      <th scope="row">
        <Name text={name} />
        {site !== undefined && (
          <small class="under">
            <Name text={site} />
          </small>
        )}
      </th>
      <AmountCell amount={amount} unit={unit} scale={scale} />
      <td class="amount">{share(amount, all.amount)}</td>
      {isCompared && <EarlierCells sums={group} unit={unit} scale={scale} />}
      <td class="coverage-cell">
        {coverage === 'measured' ? 'measured' : <CoverageMark coverage={coverage} />}
      </td>
    </tr>
  );
}

function EarlierHeads({ span }: { span: Span }) {
  return (
    <>
      <AmountHead>
        Before <span class="unit">{spanWords(span)}</span>
      </AmountHead>
      <AmountHead>Change</AmountHead>
      <AmountHead>Change in %</AmountHead>
    </>
  );
}

interface EarlierCellsProps {
  sums: Pick<Group, 'amount' | 'earlier'>;
  unit: string;
  scale: AmountScale;
}

function EarlierCells({ sums: { amount, earlier }, unit, scale }: EarlierCellsProps) {
  const change = changeOf(amount, earlier, scale.format);
  return (
    <>
      <AmountCell amount={earlier} unit={unit} scale={scale} />
      <td class="amount">{change.amount}</td>
      <td class="amount">{change.share}</td>
    </>
  );
}

interface DownloadProps {
  by: GroupKind;
  resource: string;
  span: Span;
  words: string;
}

function Downloads({ earlier, ...now }: Omit<DownloadProps, 'words'> & { earlier: Span | undefined }) {
  return (
    <div class="controls">
      <Download {...now} words="CSV" />
      {earlier !== undefined && <Download {...now} span={earlier} words="CSV of the time before" />}
    </div>
  );
}

function Download({ by, resource, span, words }: DownloadProps) {
  const first = new Date(span.fromMs).toISOString().slice(0, 10);
  return (
    <DownloadLink
      address={usageAddress(
        { ...boundsOf(span), step: 'total', by: [...KEYS[by], 'resource'], resource },
        'csv',
      )}
      name={fileName('usage', `${resource}-by-${by}-from-${first}`, span.period)}
      words={words}
    />
  );
}
