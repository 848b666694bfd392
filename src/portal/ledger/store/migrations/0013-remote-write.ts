/** The tables of remote write. Earlier versions created them at each start. */
export const remoteWriteTables = `
CREATE SCHEMA IF NOT EXISTS remote_write;
CREATE TABLE IF NOT EXISTS remote_write.inbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule        jsonb NOT NULL,
  received_ms bigint NOT NULL,
  body        bytea NOT NULL
);
ALTER TABLE remote_write.inbox ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE remote_write.inbox IS 'requests that were answered and are not folded yet; what is folded twice counts once';
CREATE TABLE IF NOT EXISTS remote_write.fact (
  site                 text COLLATE "C" NOT NULL,
  exporter             bytea NOT NULL,
  at_ms                bigint NOT NULL,
  folded_until_seconds double precision,
  epoch                text,
  received_ms          bigint NOT NULL,
  PRIMARY KEY (site, exporter, at_ms)
);
CREATE INDEX IF NOT EXISTS fact_received ON remote_write.fact (received_ms);
COMMENT ON TABLE remote_write.fact IS 'what exporters state about their totals of an instant; it may come before or after them';
CREATE TABLE IF NOT EXISTS remote_write.set_aside (
  id           bigint NOT NULL,
  site         text COLLATE "C" NOT NULL,
  rule         jsonb NOT NULL,
  received_ms  bigint NOT NULL,
  body         bytea NOT NULL,
  reason       text NOT NULL,
  set_aside_ms bigint NOT NULL,
  PRIMARY KEY (id, site)
);
ALTER TABLE remote_write.set_aside ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE remote_write.set_aside IS 'requests of which a part could not be folded, for somebody to look at; docs/portal-guide.md';
`;
