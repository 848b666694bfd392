import type { ComponentChildren } from 'preact';
import { count, exactInstant } from '../../format.ts';
import { Table } from '../../tables/table.tsx';
import { csvAddress, type ListName, type RecordTime, type Rows } from '../data/records.ts';

/** A column: its head, its cells, and the class of both. The first column heads the rows. */
export type Column<Row> = readonly [
  head: string,
  cell: (row: Row) => ComponentChildren,
  className?: 'amount',
];

interface RecordTableProps<Row> {
  caption: string;
  class: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}

export function RecordTable<Row>({ columns, rows, ...table }: RecordTableProps<Row>) {
  const [first, ...others] = columns;
  return (
    <Table {...table} class={`text-table ${table.class}`}>
      <thead>
        <tr>
          {columns.map(([head, , className]) => (
            <th key={head} scope="col" class={className}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            <th scope="row">{first?.[1](row)}</th>
            {others.map(([head, cell, className]) => (
              <td key={head} class={className}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

interface RecordListProps<Row> {
  name: ListName;
  title: string;
  /** The subject of the list, in a sentence. */
  about: string;
  list: Rows<Row>;
  /** Shown without rows. */
  nothing: string;
  caption: string;
  columns: readonly Column<Row>[];
  time: RecordTime;
}

/** A list of the portal with its first rows, and all of them as CSV. */
export function RecordList<Row>({ name, title, about, list, nothing, time, ...table }: RecordListProps<Row>) {
  return (
    <section class="card" aria-labelledby={`${name}-heading`}>
      <div class="card-head">
        <div>
          <h2 id={`${name}-heading`}>{title}</h2>
          <p class="under">{about}</p>
        </div>
        {list.rows.length > 0 && (
          <a class="download" href={csvAddress(name, time)} download={`${name}.csv`}>
            CSV<span class="visually-hidden"> of {title.toLowerCase()}</span>
          </a>
        )}
      </div>
      {list.rows.length === 0 ? (
        <p class="waiting">{nothing}</p>
      ) : (
        <RecordTable {...table} class={`${name}-table`} rows={list.rows} />
      )}
      {list.isCut && <p class="under">The latest {count(list.rows.length)}. The CSV has all.</p>}
    </section>
  );
}

export function Instant({ at }: { at: string }) {
  return <time dateTime={at}>{exactInstant(Date.parse(at))}</time>;
}
