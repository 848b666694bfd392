import type { ComponentChildren } from 'preact';

/** A frame that scrolls a table wider than the page, also with the keyboard. */
export function TableScroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
