import { useContext } from 'preact/hooks';
import { AS_CSV } from '../../api.ts';
import { DownloadLink } from '../../controls/download-link.tsx';
import { Name } from '../../controls/name.tsx';
import { MINUTE_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { fileName, periodLabel, type Period } from '../../period.ts';
import { routeAddress, type PricesRoute } from '../../routing.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { AmountHead, Table } from '../../tables/table.tsx';
import { scaleFor } from '../../units.ts';
import { chargesAddress, loadCharges, type ChargesAnswer, type ChargesQuestion } from './charges-data.ts';
import { FreeUsage, MoneyCell, Subject } from './charge-parts.tsx';

type Charge = ChargesAnswer['data'][number];

interface ChargesProps {
  question: ChargesQuestion;
  period: Period;
}

/** The charges of a site, project or grant, by price. Nothing where no price book charges it. */
export function Charges({ question, period }: ChargesProps) {
  const api = useContext(ApiContext);
  const { data, error } = useLive(JSON.stringify(question), MINUTE_MS, (signal) =>
    loadCharges(api, question, signal),
  );
  if (data === undefined) return error === undefined ? null : <p class="card waiting">Charges: {error}.</p>;
  const { totals, not_charged: marked } = data;
  if (totals.length + marked.length === 0) return null;
  const { site, projectId, grant } = question;
  const subject = [grant ?? site ?? [], projectId ?? []].flat().join('-');
  return (
    <section class="card" aria-labelledby="charges-heading">
      <div class="card-head">
        <h2 id="charges-heading">
          Charges <span class="heading-detail">{periodLabel(period)}</span>
        </h2>
        <DownloadLink
          address={chargesAddress(question) + AS_CSV}
          name={fileName('charges', subject, period)}
        />
      </div>
      <ChargeTable
        charges={data}
        route={{ page: 'prices', period, ...(grant === undefined ? {} : { grant }) }}
      />
      <FreeUsage answer={data} />
    </section>
  );
}

interface ChargeTableProps {
  charges: ChargesAnswer;
  /** The page of price books for the same time. */
  route: PricesRoute;
}

function ChargeTable({ charges: { data, totals }, route }: ChargeTableProps) {
  return (
    <Table
      caption={`Charges of ${periodLabel(route.period)} by price`}
      label="Charges by price"
      class="charges-table"
    >
      <thead>
        <tr>
          <th scope="col">Price</th>
          <th scope="col">Usage of</th>
          <AmountHead>Amount</AmountHead>
          <AmountHead>Charge</AmountHead>
        </tr>
      </thead>
      <tbody>
        {data.map((row, index) => (
          <ChargeRow key={index} row={row} />
        ))}
        {totals.map((total) => (
          <tr key={total.price_book}>
            <th scope="row" colSpan={3}>
              Total by{' '}
              <a href={routeAddress({ ...route, name: total.price_book })}>
                <Name text={total.price_book} />
              </a>
            </th>
            <MoneyCell charges={[total]} />
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function ChargeRow({ row }: { row: Charge }) {
  const { usage = 0, usage_unit: unit = '' } = row;
  const scale = scaleFor(unit, usage);
  return (
    <tr>
      <th scope="row">
        <Name text={row.price ?? ''} />
        <small class="under">{row.why}</small>
      </th>
      <td>
        <Subject row={row} />
      </td>
      <AmountCell amount={usage} unit={unit} scale={scale} label={scale.unit} />
      <MoneyCell charges={[row]} />
    </tr>
  );
}
