import { z } from 'zod';
import { strictTable } from '../../runtime/settings/strict-table.ts';

const url = (what: string) =>
  z.url({ protocol: /^https?$/, error: `must be the address of ${what}, such as "http://127.0.0.1:8000/…"` });

/** `[[portal_prometheus.storage]]`: where the portal's Prometheus keeps what it has for long. */
const storageTable = strictTable({
  write_url: url('a remote write receiver'),
  read_url: url('a remote read endpoint').optional(),
  username: z.string().min(1, 'is empty').optional(),
  password_file: z.string().min(1, 'is empty').optional(),
}).refine(({ username, password_file: file }) => (username === undefined) === (file === undefined), {
  error: 'username and password_file go together',
});

/** `[portal_prometheus]` of portal.toml: what the portal's own Prometheus is told beside the sites. */
export const prometheusTable = strictTable({
  /** Where the portal takes remote write, and the sender's token; both or none. */
  ledger_url: url("the portal's remote write").optional(),
  sender: z.string().min(1, 'is empty').optional(),
  rule_files: z.array(z.string().min(1), { error: 'must be a list of files' }).default([]),
  /** Address of the portal, HOST:PORT, where its own metrics are to be scraped. */
  portal_target: z.string().min(1, 'is empty').optional(),
  alertmanagers: z.array(z.string().min(1), { error: 'must be a list of HOST:PORT' }).default([]),
  storage: z.array(storageTable, { error: 'write [[portal_prometheus.storage]], once for each' }).default([]),
})
  .refine(({ ledger_url: ledger, sender }) => (ledger === undefined) === (sender === undefined), {
    error: 'ledger_url and sender go together: the sender is one of the [[sender]] tables',
  })
  .prefault({});

export type PrometheusTable = z.output<typeof prometheusTable>;
