import { useState } from 'preact/hooks';
import { Name } from '../../controls/name.tsx';
import { stateLabel, stateMeaning } from '../../server-states.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { Pager } from '../../tables/pager.tsx';
import { pageOf } from '../../tables/project-list.ts';
import { AmountHead, Table } from '../../tables/table.tsx';
import { scaleFor, type AmountScale } from '../../units.ts';
import type { FlavorHours, ServerHours } from '../data/server-data.ts';
import { flavorSizes } from './flavor-sizes.ts';

const PAGE_SIZE = 12;

/** Server hours by flavor and state. */
export function FlavorTable({ servers, caption }: { servers: ServerHours; caption: string }) {
  const { unit, states, flavors, totals, total } = servers;
  const [wanted, setWanted] = useState(1);
  const shown = pageOf(flavors, wanted, PAGE_SIZE);
  const scale = scaleFor(unit, total);
  return (
    <>
      <Table caption={caption} class="flavor-table">
        <thead>
          <tr>
            <th scope="col">Flavor</th>
            {states.map((state) => (
              <AmountHead key={state} title={stateMeaning(state)}>
                {stateLabel(state)}
              </AmountHead>
            ))}
            <AmountHead>Total</AmountHead>
          </tr>
        </thead>
        <tbody>
          {shown.items.map((line) => (
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
      </Table>
      <Pager noun="flavors" shown={shown} onPage={setWanted} />
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
