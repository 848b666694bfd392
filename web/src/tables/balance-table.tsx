import type { GrantRow } from '../api.ts';
import { balanceState, rateWords, runOutWords, type Balance } from '../balances.ts';
import { Name } from '../controls/name.tsx';
import { ShareBar } from '../controls/share-bar.tsx';
import type { Period } from '../period.ts';
import { resourceLabel } from '../resources.ts';
import { routeAddress } from '../routing.ts';
import { scaleFor } from '../units.ts';
import { AmountCell } from './amount-cell.tsx';
import { AmountHead, Table } from './table.tsx';

interface BalanceTableProps {
  caption: string;
  grants: readonly GrantRow[];
  /** With it, each grant has a link to its page. */
  period?: Period;
}

/** The balances of grants, one line for each resource. */
export function BalanceTable({ caption, grants, period }: BalanceTableProps) {
  return (
    <Table caption={caption} class="balance-table">
      <thead>
        <tr>
          {period !== undefined && <th scope="col">Grant</th>}
          <th scope="col">Resource</th>
          <AmountHead>Used</AmountHead>
          <AmountHead>Left</AmountHead>
          <th scope="col">Share</th>
          <th scope="col">Runs out</th>
        </tr>
      </thead>
      {grants.map((grant) => (
        <tbody key={grant.name}>
          {(grant.balances ?? []).map((balance, index) => (
            <tr key={`${balance.resource} ${balance.price_book ?? ''}`}>
              {period !== undefined && index === 0 && <GrantCell grant={grant} period={period} />}
              <BalanceCells balance={balance} isHead={period === undefined} />
            </tr>
          ))}
        </tbody>
      ))}
    </Table>
  );
}

/** Why nobody knows what a grant has used; nothing for other grants. */
export function UnknownUsage({ grant: { name, unknown } }: { grant: GrantRow }) {
  if (unknown === null) return null;
  return (
    <p class="waiting">
      The usage of <Name text={name} /> is not known: {unknown}.
    </p>
  );
}

function GrantCell({ grant, period }: { grant: GrantRow; period: Period }) {
  return (
    <th scope="rowgroup" rowSpan={grant.balances?.length}>
      <a href={routeAddress({ page: 'grant', name: grant.name, period, tablePage: 1 })}>
        <Name text={grant.name} />
      </a>
      {grant.title !== null && (
        <small class="under">
          <Name text={grant.title} />
        </small>
      )}
    </th>
  );
}

function BalanceCells({ balance, isHead }: { balance: Balance; isHead: boolean }) {
  const { unit, granted, used, left } = balance;
  const scale = scaleFor(unit, Math.max(granted, used, balance.granted_later));
  const state = balanceState(balance);
  const later = balance.granted_later === 0 ? '' : `, ${scale.format(balance.granted_later)} more later`;
  const resource = (
    <>
      {resourceLabel(balance.resource)} <span class="unit">{scale.unit}</span>
    </>
  );
  return (
    <>
      {isHead ? <th scope="row">{resource}</th> : <td class="resource-cell">{resource}</td>}
      <AmountCell amount={used} unit={unit} scale={scale} label="used" />
      <AmountCell
        amount={left}
        unit={unit}
        scale={scale}
        label={`left of ${scale.format(granted)}${later}`}
      />
      <td class="share-cell">
        <ShareBar used={balance.used_share} gone={balance.period_gone_share} state={state} />
      </td>
      <td class={`run-out run-out-${state}`} title={rateWords(balance)}>
        {runOutWords(balance)}
      </td>
    </>
  );
}
