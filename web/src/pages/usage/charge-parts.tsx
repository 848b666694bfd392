import { Name } from '../../controls/name.tsx';
import { count, decimal } from '../../format.ts';
import { resourceLabel } from '../../resources.ts';
import { amountWords } from '../../units.ts';
import type { ChargesAnswer } from './charges-data.ts';

type Row = ChargesAnswer['not_priced'][number];

/** A resource, or servers by flavor and state. */
export function Subject({
  row: { resource = '', flavor, state },
}: {
  row: Pick<Row, 'flavor' | 'state'> & { resource?: string | undefined };
}) {
  if (flavor === undefined) return <>{resourceLabel(resource)}</>;
  return (
    <>
      <Name text={flavor} /> <span class="unit">{state}</span>
    </>
  );
}

/** Charges as the portal rounds them: decimals that no float holds. */
export function MoneyCell({ charges }: { charges: readonly { charge: string; unit: string }[] }) {
  return (
    <td class="amount">
      {charges.length === 0 && '–'}
      {charges.map(({ charge, unit }, index) => (
        <div key={index}>
          {decimal(charge)} <span class="unit">{unit}</span>
        </div>
      ))}
    </td>
  );
}

/** More lines would hide the charges, and the CSV has all. */
const SHOWN = 12;

/** Usage that nothing charges, with the reasons. */
export function FreeUsage({ answer }: { answer: Pick<ChargesAnswer, 'not_charged' | 'not_priced'> }) {
  const lines = [
    ...answer.not_charged.map((row) => ({ row, words: `not charged (${row.mark}): ${row.reason}` })),
    ...answer.not_priced.map((row) => ({ row, words: `not priced: ${row.reason}` })),
  ];
  return (
    <>
      {lines.slice(0, SHOWN).map(({ row, words }, index) => (
        <p key={index} class="coverage-summary">
          <Subject row={row} />: {amountWords(row.usage, row.usage_unit)} at <Name text={row.site ?? ''} />{' '}
          {words}.
        </p>
      ))}
      {lines.length > SHOWN && (
        <p class="coverage-summary">{count(lines.length - SHOWN)} more lines are in the CSV.</p>
      )}
    </>
  );
}
