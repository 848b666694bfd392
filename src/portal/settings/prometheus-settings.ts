import { z } from 'zod';
import { strictTable } from '../../runtime/settings/strict-table.ts';

const url = (what: string) =>
  z.url({ protocol: /^https?$/, error: `must be the address of ${what}, such as "http://127.0.0.1:8000/…"` });

/** `[[portal_prometheus.storage]]`: the long-term storage of the portal's Prometheus. */
const storageTable = strictTable({
  write_url: url('a remote write receiver').describe('address of the remote write receiver'),
  read_url: url('a remote read endpoint').optional().describe('address of the remote read endpoint'),
  username: z
    .string()
    .min(1, 'is empty')
    .optional()
    .describe('user name at this storage, with password_file'),
  password_file: z.string().min(1, 'is empty').optional().describe('file with the password of the user'),
}).refine(({ username, password_file: file }) => (username === undefined) === (file === undefined), {
  error: 'username and password_file go together',
});

/** `[portal_prometheus]` of portal.toml: the settings of the portal's own Prometheus beside the sites. */
export const prometheusTable = strictTable({
  ledger_url: url("the portal's remote write")
    .optional()
    .describe('address where the portal takes remote write, with sender'),
  sender: z.string().min(1, 'is empty').optional().describe('the [[sender]] that this Prometheus writes as'),
  rule_files: z
    .array(z.string().min(1), { error: 'must be a list of files' })
    .default([])
    .describe('files with rules and alerts'),
  portal_target: z
    .string()
    .min(1, 'is empty')
    .optional()
    .describe("HOST:PORT of the portal, to scrape the portal's own metrics"),
  alertmanagers: z
    .array(z.string().min(1), { error: 'must be a list of HOST:PORT' })
    .default([])
    .describe('HOST:PORT of each Alertmanager'),
  storage: z
    .array(storageTable, { error: 'write [[portal_prometheus.storage]], once for each' })
    .default([])
    .describe('one table for each storage that keeps the samples for long'),
})
  .refine(({ ledger_url: ledger, sender }) => (ledger === undefined) === (sender === undefined), {
    error: 'ledger_url and sender go together: the sender is one of the [[sender]] tables',
  })
  .prefault({})
  .describe("what 'stackmeter portal prometheus-config' writes beside the sites");

export type PrometheusTable = z.output<typeof prometheusTable>;
