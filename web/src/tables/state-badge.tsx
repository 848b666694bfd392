import type { SiteStateName } from '../site-state.ts';

/** Each state has its own shape, for readers who do not see its colour. */
const SHAPES: Readonly<Record<SiteStateName, string>> = {
  reporting: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z',
  late: 'M6 1 11.5 11H.5Z',
  failing: 'M1 3 3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3Z',
  'not read': 'M1 5h10v2H1Z',
  'never read': 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Zm0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z',
};

export function StateBadge({ state }: { state: SiteStateName }) {
  return (
    <span class={`state state-${state.replace(' ', '-')}`}>
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        <path fill="currentColor" d={SHAPES[state]} />
      </svg>
      {state}
    </span>
  );
}
