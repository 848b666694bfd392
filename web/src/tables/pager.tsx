import { count } from '../format.ts';

interface PagerProps {
  /** The items of the list, such as "projects". */
  noun: string;
  page: number;
  pages: number;
  /** The index of the first item on this page, and the number of items on it. */
  first: number;
  shown: number;
  all: number;
  onPage: (page: number) => void;
}

export function Pager({ noun, page, pages, first, shown, all, onPage }: PagerProps) {
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}`}>
      <button type="button" disabled={page === 1} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <p aria-live="polite">
        {count(first + 1)}–{count(first + shown)} of {count(all)} {noun}
      </p>
      <button type="button" disabled={page === pages} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
