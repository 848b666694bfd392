import { useState } from 'preact/hooks';
import { Name } from '../../controls/name.tsx';
import { stateLabel, stateMeaning } from '../../server-states.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { Pager } from '../../tables/pager.tsx';
import { pageOf } from '../../tables/project-list.ts';
import { TableScroll } from '../../tables/table-scroll.tsx';
import { scaleFor, type AmountScale } from '../../units.ts';
import type { FlavorHours, ServerHours } from '../data/server-data.ts';
import { flavorSizes } from './flavor-sizes.ts';

const PAGE_SIZE = 12;

/** Server hours by flavor and state. */
export function FlavorTable({ servers, caption }: { servers: ServerHours; caption: string }) {
  const { unit, states, flavors, totals, total } = servers;
  const [wanted, setWanted] = useState(1);
  const { page, pages, first, items } = pageOf(flavors, wanted, PAGE_SIZE);
  const scale = scaleFor(unit, total);
  return (
    <>
      <TableScroll label={caption}>
        <table class="flavor-table">
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">Flavor</th>
              {states.map((state) => (
                <th key={state} scope="col" class="amount" title={stateMeaning(state)}>
                  {stateLabel(state)}
                </th>
              ))}
              <th scope="col" class="amount">
                Total
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((line) => (
              <FlavorLine key={line.flavor.label} line={line} states={states} unit={unit} scale={scale} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              {states.map((state) => (
                <AmountCell key={state} amount={totals.get(state)} unit={unit} scale={scale} />
              ))}
              <AmountCell amount={total} unit={unit} scale={scale} />
            </tr>
          </tfoot>
        </table>
      </TableScroll>
      <Pager
        noun="flavors"
        page={page}
        pages={pages}
        first={first}
        shown={items.length}
        all={flavors.length}
        onPage={setWanted}
      />
    </>
  );
}

interface FlavorLineProps {
  line: FlavorHours;
  states: readonly string[];
  unit: string;
  scale: AmountScale;
}

function FlavorLine({ line: { flavor, amounts, total }, states, unit, scale }: FlavorLineProps) {
  return (
    <tr>
      <th scope="row">
        {flavor.name === null ? <span class="nameless">(name not known)</span> : <Name text={flavor.name} />}
        <small class="under">{flavorSizes(flavor)}</small>
      </th>
      {states.map((state) => (
        <AmountCell key={state} amount={amounts.get(state)} unit={unit} scale={scale} />
      ))}
      <AmountCell amount={total} unit={unit} scale={scale} />
    </tr>
  );
}
