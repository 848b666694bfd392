import type { ComponentChildren } from 'preact';

/** Room for a table that may be wider than the page: scrolled by itself, with the keyboard too. */
export function TableScroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
