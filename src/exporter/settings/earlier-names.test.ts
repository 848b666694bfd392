import { expect, it } from 'vitest';
import { unreadEarlierNames } from './earlier-names.ts';

it('names the variables of the earlier system that are set without effect', () => {
  const env = {
    USAGE_EXPORTER_START_DATE: '2026-01-01',
    USAGE_EXPORTER_WEIGHTS_UPDATE_ENDPOINT: 'https://portal.example/weights/',
    USAGE_EXPORTER_START_DATE_ENDPOINT: '',
    USAGE_EXPORTER_VERBOSE_MODE: 'False',
    OS_AUTH_URL: 'http://keystone',
  };
  expect(unreadEarlierNames(env)).toEqual([
    'USAGE_EXPORTER_VERBOSE_MODE',
    'USAGE_EXPORTER_WEIGHTS_UPDATE_ENDPOINT',
  ]);
});
