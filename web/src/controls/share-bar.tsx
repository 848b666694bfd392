import { share } from '../format.ts';
import type { BalanceState } from '../balances.ts';

interface ShareBarProps {
  /** The share that is used; above 1 if more is used than granted. */
  used: number | null;
  /** The share of the period that is gone; null if the period is open. */
  gone: number | null;
  state: BalanceState;
}

/** A bar for the share used, with a mark at the share of the period that is gone. The words say the same. */
export function ShareBar({ used, gone, state }: ShareBarProps) {
  if (used === null) return <span class="under">nothing granted</span>;
  return (
    <div class="share">
      <div class={`share-bar share-${state}`} aria-hidden="true">
        <span class="share-used" style={{ width: percent(used) }} />
        {gone !== null && <span class="share-gone" style={{ insetInlineStart: percent(gone) }} />}
      </div>
      <span class="under">
        {share(used, 1)} used{gone !== null && `, ${share(gone, 1)} of the time gone`}
      </span>
    </div>
  );
}

function percent(part: number): string {
  return `${Math.min(100, Math.max(0, part * 100))}%`;
}
