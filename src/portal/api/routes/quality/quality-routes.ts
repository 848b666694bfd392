import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { anomalyRow, correctionRow, refusalRow, sweepRow } from '../../shapes/quality/answers.ts';
import { meterRecordParameters, siteRecordParameters } from '../../shapes/quality/parameters.ts';
import { anomalyRowOf, correctionRowOf, refusalRowOf, sweepRowOf } from '../../shapes/quality/rows.ts';
import { serveList } from './record-list.ts';

/** Why numbers changed, and what a site sent that does not count. */
export function qualityRoutes(server: ApiServer, parts: ApiParts): void {
  serveList(server, parts, {
    name: 'corrections',
    summary: 'What later readings changed in hours, with before and after; the latest hours first',
    parameters: meterRecordParameters,
    row: correctionRow,
    rowOf: correctionRowOf,
    ask: (answers, query, gone) => answers.corrections(query, gone),
  });
  serveList(server, parts, {
    name: 'anomalies',
    summary: 'Totals that fell, began again or jumped; the latest hours first',
    parameters: meterRecordParameters,
    row: anomalyRow,
    rowOf: anomalyRowOf,
    ask: (answers, query, gone) => answers.anomalies(query, gone),
  });
  serveList(server, parts, {
    name: 'refusals',
    summary: 'The series that the portal refused, by site and reason',
    parameters: siteRecordParameters,
    row: refusalRow,
    rowOf: refusalRowOf,
    ask: (answers, query, gone) => answers.refusals(query, gone),
  });
  serveList(server, parts, {
    name: 'sweeps',
    summary:
      'How the sweeps of sites ended: one row for sweeps in a row that ended in the same way, the latest first',
    parameters: siteRecordParameters,
    row: sweepRow,
    rowOf: sweepRowOf,
    ask: (answers, query, gone) => answers.sweeps(query, gone),
  });
}
