import type { ComponentChildren } from 'preact';

interface TableProps {
  /** For readers who do not see the page. */
  caption: string;
  /** The name of the frame; by default the caption. It differs from the heading of the section. */
  label?: string;
  class?: string;
  children: ComponentChildren;
}

/** A table in a frame that scrolls it if it is wider than the page, also with the keyboard. */
export function Table({ caption, label = caption, class: name, children }: TableProps) {
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class={name}>
        <caption class="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  );
}

/** The head of a column of amounts. */
export function AmountHead({ title, children }: { title?: string | undefined; children: ComponentChildren }) {
  return (
    <th scope="col" class="amount" title={title}>
      {children}
    </th>
  );
}
