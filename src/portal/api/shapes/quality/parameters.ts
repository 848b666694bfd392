import { z } from 'zod';
import {
  cursorParameter,
  hourParameter,
  limitParameter,
  namesParameter,
  parameterTable,
} from '../parameters.ts';

const ofSites = {
  from: hourParameter('Start, included. Default: the start of the month'),
  to: hourParameter('End, not included. Default: the end of the present hour'),
  site: namesParameter('Only this site'),
  limit: limitParameter,
  cursor: cursorParameter,
  format: z
    .enum(['json', 'csv'], { error: 'must be json or csv' })
    .default('json')
    .meta({ description: '`csv` has all rows, without pages: `limit` and `cursor` are ignored' }),
};

export const siteRecordParameters = parameterTable(ofSites);

export const meterRecordParameters = parameterTable({
  ...ofSites,
  project: namesParameter('Only projects with this id'),
  resource: namesParameter('Only this resource, such as `vcpu`'),
});
