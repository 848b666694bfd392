import type { ComponentChildren } from 'preact';

interface SortHeaderProps {
  column: string;
  /** The column by which the table is sorted. */
  sort: string;
  direction: 'ascending' | 'descending';
  onSort: (column: string) => void;
  class?: string;
  children: ComponentChildren;
}

/** The head of a column, with a button that sorts the table by it. */
export function SortHeader({ column, sort, direction, onSort, class: name, children }: SortHeaderProps) {
  const sorted = sort === column;
  return (
    <th scope="col" class={name} aria-sort={sorted ? direction : undefined}>
      <button type="button" class="sort" onClick={() => onSort(column)}>
        <span>{children}</span>
        <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true" class={sorted ? 'sorted' : 'sortable'}>
          <path
            fill="currentColor"
            d={direction === 'ascending' ? 'M4 1.5 7.5 6.5H.5Z' : 'M.5 1.5h7L4 6.5Z'}
          />
        </svg>
      </button>
    </th>
  );
}
