import { exact } from '../format.ts';
import type { AmountScale } from '../units.ts';

/** An amount in the unit of its column. Its title shows the exact number in the unit of the API. */
export function AmountCell(props: {
  amount: number | undefined;
  unit: string;
  scale: AmountScale;
  class?: string;
  /** Words under the amount. */
  label?: string;
  /** How the amount was corrected. */
  corrected?: string | undefined;
}) {
  const { amount, unit, scale, corrected, label = corrected && 'corrected' } = props;
  const name = `amount ${props.class ?? ''}`.trim();
  if (amount === undefined) return <td class={name}>–</td>;
  return (
    <td class={name} title={`${exact(amount)} ${unit}${corrected ? `, ${corrected}` : ''}`}>
      {scale.format(amount)}
      {label && <small class="under">{label}</small>}
    </td>
  );
}
