SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA ledger;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE ledger.anomaly (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    hour integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    count integer NOT NULL,
    correction numeric NOT NULL,
    last_at_ms bigint NOT NULL
);
COMMENT ON COLUMN ledger.anomaly.correction IS 'what the total moved by without being usage';
CREATE TABLE ledger.cloud (
    site_id integer NOT NULL,
    cloud_id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    first_ms bigint NOT NULL,
    prior_ms bigint NOT NULL,
    last_ms bigint NOT NULL
);
CREATE TABLE ledger.cloud_gap (
    site_id integer NOT NULL,
    cloud_id integer NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint NOT NULL
);
COMMENT ON TABLE ledger.cloud_gap IS 'between two readings of a cloud, longer than an ordinary pause';
CREATE TABLE ledger.entry (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    hour integer NOT NULL,
    amount bigint NOT NULL,
    spread bigint NOT NULL
)
WITH (fillfactor='80');
COMMENT ON TABLE ledger.entry IS 'amount × milliseconds of a meter in an hour; spread is the part that was spread over a gap';
CREATE TABLE ledger.month (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    first_hour integer NOT NULL,
    last_hour integer NOT NULL,
    hour_amounts bigint[],
    hour_spreads bigint[],
    day_amounts bigint[] NOT NULL,
    day_spreads bigint[]
);
COMMENT ON COLUMN ledger.month.hour_amounts IS 'one for each hour of the month; null once hours are kept no longer';
COMMENT ON COLUMN ledger.month.hour_spreads IS 'null where nothing was spread';
COMMENT ON COLUMN ledger.month.day_amounts IS 'one for each day of the month';
CREATE VIEW ledger.daily AS
 SELECT entry.site_id,
    entry.meter_id,
    entry.hour AS first_hour,
    entry.hour AS last_hour,
    entry.hour,
    entry.amount,
    entry.spread
   FROM ledger.entry
UNION ALL
 SELECT m.site_id,
    m.meter_id,
    m.first_hour,
    m.last_hour,
    (m.first_hour + (24 * ((u.i)::integer - 1))) AS hour,
    u.amount,
    COALESCE(u.spread, (0)::bigint) AS spread
   FROM ledger.month m,
    LATERAL UNNEST(m.day_amounts, m.day_spreads) WITH ORDINALITY u(amount, spread, i)
  WHERE ((u.amount <> 0) OR (u.spread <> 0));
CREATE TABLE ledger.epoch (
    site_id integer NOT NULL,
    epoch_id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    first_ms bigint DEFAULT 0 NOT NULL
);
COMMENT ON COLUMN ledger.epoch.first_ms IS 'the time of the first reading of it that was folded';
CREATE VIEW ledger.hourly AS
 SELECT entry.site_id,
    entry.meter_id,
    entry.hour AS first_hour,
    entry.hour AS last_hour,
    entry.hour,
    entry.amount,
    entry.spread
   FROM ledger.entry
UNION ALL
 SELECT m.site_id,
    m.meter_id,
    m.first_hour,
    m.last_hour,
    ((m.first_hour + (u.i)::integer) - 1) AS hour,
    u.amount,
    COALESCE(u.spread, (0)::bigint) AS spread
   FROM ledger.month m,
    LATERAL UNNEST(m.hour_amounts, m.hour_spreads) WITH ORDINALITY u(amount, spread, i)
  WHERE ((u.amount <> 0) OR (u.spread <> 0));
CREATE TABLE ledger.late_entry (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    hour integer NOT NULL,
    booked_at_ms bigint NOT NULL,
    amount bigint NOT NULL,
    spread bigint NOT NULL
);
COMMENT ON TABLE ledger.late_entry IS 'what late truth added to entries and took from them; contained in ledger.entry';
CREATE TABLE ledger.lease (
    name text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON TABLE ledger.lease IS 'site/NAME: who reads the site; inbox: who folds what remote write brought';
CREATE TABLE ledger.meter (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    project_id integer NOT NULL,
    resource_id integer NOT NULL,
    epoch_id integer NOT NULL,
    opening numeric NOT NULL,
    last_total numeric NOT NULL,
    first_at_ms bigint NOT NULL,
    last_at_ms bigint NOT NULL
)
WITH (fillfactor='60');
CREATE TABLE ledger.meter_gap (
    site_id integer NOT NULL,
    meter_id integer NOT NULL,
    to_ms bigint NOT NULL,
    from_ms bigint NOT NULL,
    from_epoch_id integer NOT NULL,
    to_epoch_id integer NOT NULL,
    from_total numeric NOT NULL,
    to_total numeric NOT NULL,
    amount bigint NOT NULL
);
COMMENT ON COLUMN ledger.meter_gap.amount IS 'what was spread over it; the rest of the difference was corrected';
CREATE TABLE ledger.migration (
    id integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE ledger.portal (
    holder text NOT NULL COLLATE pg_catalog."C",
    configuration text NOT NULL COLLATE pg_catalog."C",
    alive_until timestamp with time zone NOT NULL
);
COMMENT ON COLUMN ledger.portal.configuration IS 'stands for its list of sites: portals share with those that have the same';
CREATE TABLE ledger.project (
    site_id integer NOT NULL,
    project_id integer NOT NULL,
    cloud_id integer NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON COLUMN ledger.project.key IS 'the id that OpenStack gave it';
CREATE TABLE ledger.project_name (
    site_id integer NOT NULL,
    project_id integer NOT NULL,
    from_ms bigint NOT NULL,
    to_ms bigint,
    project_name text NOT NULL,
    domain_id text NOT NULL,
    domain_name text NOT NULL
);
CREATE TABLE ledger.refusal (
    site_id integer NOT NULL,
    reason text NOT NULL COLLATE pg_catalog."C",
    first_at_ms bigint NOT NULL,
    last_at_ms bigint NOT NULL,
    series bigint NOT NULL,
    last_series integer NOT NULL,
    example text NOT NULL
);
COMMENT ON COLUMN ledger.refusal.last_series IS 'how many series the last sweep with such refusals had';
CREATE TABLE ledger.resource (
    site_id integer NOT NULL,
    resource_id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE ledger.site (
    site_id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    labels jsonb NOT NULL,
    declared boolean NOT NULL
);
COMMENT ON COLUMN ledger.site.declared IS 'whether the portal still reads it';
CREATE TABLE ledger.site_hour (
    site_id integer NOT NULL,
    cloud_id integer NOT NULL,
    hour integer NOT NULL,
    measured_ms integer NOT NULL,
    spread_ms integer NOT NULL
);
COMMENT ON TABLE ledger.site_hour IS 'how much of an hour the readings of a cloud cover; the rest is missing';
ALTER TABLE ledger.site ALTER COLUMN site_id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME ledger.site_site_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ledger.site_state (
    site_id integer NOT NULL,
    next_id integer DEFAULT 1 NOT NULL,
    last_sweep_ms bigint,
    last_success_ms bigint,
    last_error text,
    refused_series integer DEFAULT 0 NOT NULL,
    projects integer DEFAULT 0 NOT NULL,
    meters integer DEFAULT 0 NOT NULL,
    anomalies bigint DEFAULT 0 NOT NULL,
    hours_from integer
);
COMMENT ON TABLE ledger.site_state IS 'locked by whoever folds a sweep of the site';
COMMENT ON COLUMN ledger.site_state.refused_series IS 'of the last sweep';
COMMENT ON COLUMN ledger.site_state.hours_from IS 'hours before it are kept no longer, as days alone; null where all are there';
COPY ledger.anomaly (site_id, meter_id, hour, kind, count, correction, last_at_ms) FROM stdin;
1	2	491637	total-fell	1	-32399997	1769896800000
\.
COPY ledger.cloud (site_id, cloud_id, name, first_ms, prior_ms, last_ms) FROM stdin;
1	1		1769860800000	1769896800000	1770120000000
2	1		1769860800000	1769878800000	1770120000000
1	6	west	1770116400000	1770116460000	1770120060000
2	6	second	1770120000000	1770120000000	1770120300000
\.
COPY ledger.cloud_gap (site_id, cloud_id, from_ms, to_ms) FROM stdin;
2	1	1769860800000	1769878800000
1	1	1769860800000	1769875200000
1	1	1769875200000	1769893200000
1	1	1769896800000	1770120000000
2	1	1769878800000	1770120000000
1	6	1770116460000	1770120060000
\.
COPY ledger.entry (site_id, meter_id, hour, amount, spread) FROM stdin;
1	2	491638	464516	464516
1	2	491639	464516	464516
1	2	491640	464516	464516
1	2	491641	464516	464516
1	2	491642	464516	464516
1	2	491643	464516	464516
1	2	491644	464516	464516
1	2	491645	464516	464516
1	2	491646	464516	464516
1	2	491647	464516	464516
1	2	491648	464516	464516
1	2	491649	464516	464516
1	2	491650	464517	464517
1	2	491651	464516	464516
1	2	491652	464516	464516
1	2	491653	464516	464516
1	2	491654	464516	464516
1	2	491655	464516	464516
1	2	491656	464516	464516
1	2	491657	464516	464516
1	2	491658	464516	464516
1	2	491659	464516	464516
1	2	491660	464516	464516
1	2	491661	464516	464516
1	2	491662	464517	464517
1	2	491663	464516	464516
1	2	491664	464516	464516
1	2	491665	464516	464516
1	2	491666	464516	464516
1	2	491667	464516	464516
1	2	491668	464516	464516
1	2	491669	464516	464516
1	2	491670	464516	464516
1	2	491671	464516	464516
1	2	491672	464516	464516
1	2	491673	464516	464516
1	2	491674	464516	464516
1	2	491675	464517	464517
1	2	491676	464516	464516
1	2	491677	464516	464516
1	2	491678	464516	464516
1	2	491679	464516	464516
1	2	491680	464516	464516
1	2	491681	464516	464516
1	2	491682	464516	464516
1	2	491683	464516	464516
1	2	491684	464516	464516
1	2	491685	464516	464516
1	2	491686	464516	464516
1	2	491687	464517	464517
1	2	491688	464516	464516
1	2	491689	464516	464516
1	2	491690	464516	464516
1	2	491691	464516	464516
1	2	491692	464516	464516
1	2	491693	464516	464516
1	2	491694	464516	464516
1	2	491695	464516	464516
1	2	491696	464516	464516
1	2	491697	464516	464516
1	2	491698	464516	464516
1	2	491699	464517	464517
2	2	491666	1	1
2	2	491699	1	1
1	7	491699	54	9
1	7	491700	1	1
2	7	491700	5	0
\.
COPY ledger.epoch (site_id, epoch_id, name, first_ms) FROM stdin;
2	5	e1	1769860800000
1	5	e1	1769860800000
1	9	w	1770116400000
2	9	s	1770120000000
\.
COPY ledger.late_entry (site_id, meter_id, hour, booked_at_ms, amount, spread) FROM stdin;
1	2	491631	1769875200000	900000	900000
1	2	491630	1769875200000	900000	900000
1	2	491636	1769875200000	-720000	-720000
1	2	491633	1769875200000	-720000	-720000
1	2	491632	1769875200000	-720000	-720000
1	2	491629	1769875200000	900000	900000
1	2	491635	1769875200000	-720000	-720000
1	2	491634	1769875200000	-720000	-720000
1	2	491628	1769875200000	900000	900000
\.
COPY ledger.lease (name, holder) FROM stdin;
\.
COPY ledger.meter (site_id, meter_id, project_id, resource_id, epoch_id, opening, last_total, first_at_ms, last_at_ms) FROM stdin;
1	2	3	4	5	0	28800000	1769860800000	1770120000000
2	2	3	4	5	1180591620717411303424	1180591620717411303433	1769860800000	1770120000000
1	7	8	4	9	5	60	1770116400000	1770120060000
2	7	8	4	9	4	9	1770120000000	1770120300000
\.
COPY ledger.meter_gap (site_id, meter_id, to_ms, from_ms, from_epoch_id, to_epoch_id, from_total, to_total, amount) FROM stdin;
2	2	1769878800000	1769860800000	5	5	1180591620717411303424	1180591620717411303431	7
1	2	1769875200000	1769860800000	5	5	0	18000000	18000000
1	2	1769893200000	1769875200000	5	5	18000000	32400000	14400000
1	2	1770120000000	1769896800000	5	5	3	28800000	28799997
2	2	1770120000000	1769878800000	5	5	1180591620717411303431	1180591620717411303433	2
1	7	1770120060000	1770116460000	9	9	50	60	10
\.
COPY ledger.migration (id, name, applied_at) FROM stdin;
1	ledger	2026-11-29 19:39:05.848344+00
2	gaps	2026-11-29 19:39:05.848344+00
3	times of epochs	2026-11-29 19:39:05.848344+00
4	packed months	2026-11-29 19:39:05.848344+00
5	leases	2026-11-29 19:39:05.848344+00
6	hours that are kept	2026-11-29 19:39:05.848344+00
\.
COPY ledger.month (site_id, meter_id, first_hour, last_hour, hour_amounts, hour_spreads, day_amounts, day_spreads) FROM stdin;
1	2	490896	491639	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,4500000,4500000,4500000,4500000,2880000,2880000,2880000,2880000,2880000,0,0,0}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,4500000,4500000,4500000,4500000,2880000,2880000,2880000,2880000,2880000,0,0,0}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,32400000}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,32400000}
2	2	490896	491639	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,2,1,2,0,0,0,0,0,0,0}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,1,2,1,2,0,0,0,0,0,0,0}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7}	{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7}
\.
COPY ledger.portal (holder, configuration, alive_until) FROM stdin;
\.
COPY ledger.project (site_id, project_id, cloud_id, key) FROM stdin;
2	3	1	p1
1	3	1	p1
1	8	6	p2
2	8	6	p9
\.
COPY ledger.project_name (site_id, project_id, from_ms, to_ms, project_name, domain_id, domain_name) FROM stdin;
2	3	1769860800000	\N	one	d1	Default
1	3	1769860800000	\N	one	d1	Default
1	8	1770116400000	\N	Größe "\\"\n 	d1	Default
2	8	1770120000000	\N	nine	d1	Default
\.
COPY ledger.refusal (site_id, reason, first_at_ms, last_at_ms, series, last_series, example) FROM stdin;
1	not a number	1770116400000	1770116400000	2	2	x
\.
COPY ledger.resource (site_id, resource_id, name) FROM stdin;
2	4	vcpu
1	4	vcpu
\.
COPY ledger.site (site_id, name, labels, declared) FROM stdin;
1	a	{"region": "north"}	t
2	b	{}	t
\.
COPY ledger.site_hour (site_id, cloud_id, hour, measured_ms, spread_ms) FROM stdin;
2	1	491632	0	3600000
2	1	491629	0	3600000
2	1	491631	0	3600000
2	1	491630	0	3600000
2	1	491628	0	3600000
1	1	491632	0	3600000
1	1	491633	0	3600000
1	1	491635	0	3600000
1	1	491630	0	3600000
1	1	491628	0	3600000
1	1	491636	0	3600000
1	1	491634	0	3600000
1	1	491629	0	3600000
1	1	491631	0	3600000
1	1	491637	3600000	0
1	1	491645	0	3600000
1	1	491698	0	3600000
1	1	491671	0	3600000
1	1	491692	0	3600000
1	1	491643	0	3600000
1	1	491640	0	3600000
1	1	491696	0	3600000
1	1	491663	0	3600000
1	1	491667	0	3600000
1	1	491688	0	3600000
1	1	491665	0	3600000
1	1	491647	0	3600000
1	1	491674	0	3600000
1	1	491687	0	3600000
1	1	491672	0	3600000
1	1	491678	0	3600000
1	1	491639	0	3600000
1	1	491689	0	3600000
1	1	491675	0	3600000
1	1	491686	0	3600000
1	1	491644	0	3600000
1	1	491680	0	3600000
1	1	491654	0	3600000
1	1	491699	0	3600000
1	1	491682	0	3600000
1	1	491684	0	3600000
1	1	491649	0	3600000
1	1	491646	0	3600000
1	1	491681	0	3600000
1	1	491651	0	3600000
1	1	491691	0	3600000
1	1	491655	0	3600000
1	1	491694	0	3600000
1	1	491652	0	3600000
1	1	491653	0	3600000
1	1	491661	0	3600000
1	1	491670	0	3600000
1	1	491685	0	3600000
1	1	491659	0	3600000
1	1	491650	0	3600000
1	1	491668	0	3600000
1	1	491657	0	3600000
1	1	491641	0	3600000
1	1	491642	0	3600000
1	1	491658	0	3600000
1	1	491669	0	3600000
1	1	491690	0	3600000
1	1	491683	0	3600000
1	1	491656	0	3600000
1	1	491662	0	3600000
1	1	491679	0	3600000
1	1	491676	0	3600000
1	1	491697	0	3600000
1	1	491695	0	3600000
1	1	491648	0	3600000
1	1	491666	0	3600000
1	1	491677	0	3600000
1	1	491638	0	3600000
1	1	491673	0	3600000
1	1	491693	0	3600000
1	1	491660	0	3600000
1	1	491664	0	3600000
2	1	491645	0	3600000
2	1	491698	0	3600000
2	1	491671	0	3600000
2	1	491635	0	3600000
2	1	491692	0	3600000
2	1	491643	0	3600000
2	1	491640	0	3600000
2	1	491696	0	3600000
2	1	491663	0	3600000
2	1	491667	0	3600000
2	1	491688	0	3600000
2	1	491665	0	3600000
2	1	491647	0	3600000
2	1	491674	0	3600000
2	1	491687	0	3600000
2	1	491672	0	3600000
2	1	491678	0	3600000
2	1	491639	0	3600000
2	1	491689	0	3600000
2	1	491675	0	3600000
2	1	491686	0	3600000
2	1	491644	0	3600000
2	1	491680	0	3600000
2	1	491654	0	3600000
2	1	491699	0	3600000
2	1	491682	0	3600000
2	1	491684	0	3600000
2	1	491633	0	3600000
2	1	491649	0	3600000
2	1	491646	0	3600000
2	1	491681	0	3600000
2	1	491651	0	3600000
2	1	491634	0	3600000
2	1	491691	0	3600000
2	1	491655	0	3600000
2	1	491694	0	3600000
2	1	491652	0	3600000
2	1	491637	0	3600000
2	1	491653	0	3600000
2	1	491661	0	3600000
2	1	491670	0	3600000
2	1	491685	0	3600000
2	1	491659	0	3600000
2	1	491650	0	3600000
2	1	491668	0	3600000
2	1	491657	0	3600000
2	1	491641	0	3600000
2	1	491642	0	3600000
2	1	491658	0	3600000
2	1	491669	0	3600000
2	1	491690	0	3600000
2	1	491683	0	3600000
2	1	491656	0	3600000
2	1	491662	0	3600000
2	1	491679	0	3600000
2	1	491676	0	3600000
2	1	491697	0	3600000
2	1	491695	0	3600000
2	1	491648	0	3600000
2	1	491666	0	3600000
2	1	491677	0	3600000
2	1	491638	0	3600000
2	1	491673	0	3600000
2	1	491693	0	3600000
2	1	491636	0	3600000
2	1	491660	0	3600000
2	1	491664	0	3600000
1	6	491700	0	60000
1	6	491699	60000	3540000
2	6	491700	300000	0
\.
COPY ledger.site_state (site_id, next_id, last_sweep_ms, last_success_ms, last_error, refused_series, projects, meters, anomalies, hours_from) FROM stdin;
1	10	1770120060000	1770120060000	\N	0	2	2	1	\N
2	10	1770123600000	1770120300000	the site does not answer	0	2	2	0	\N
\.
SELECT pg_catalog.setval('ledger.site_site_id_seq', 2, true);
ALTER TABLE ONLY ledger.anomaly
    ADD CONSTRAINT anomaly_pkey PRIMARY KEY (site_id, meter_id, hour, kind);
ALTER TABLE ONLY ledger.cloud_gap
    ADD CONSTRAINT cloud_gap_pkey PRIMARY KEY (site_id, cloud_id, to_ms);
ALTER TABLE ONLY ledger.cloud
    ADD CONSTRAINT cloud_pkey PRIMARY KEY (site_id, cloud_id);
ALTER TABLE ONLY ledger.cloud
    ADD CONSTRAINT cloud_site_id_name_key UNIQUE (site_id, name);
ALTER TABLE ONLY ledger.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (site_id, meter_id, hour);
ALTER TABLE ONLY ledger.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (site_id, epoch_id);
ALTER TABLE ONLY ledger.epoch
    ADD CONSTRAINT epoch_site_id_name_key UNIQUE (site_id, name);
ALTER TABLE ONLY ledger.late_entry
    ADD CONSTRAINT late_entry_pkey PRIMARY KEY (site_id, meter_id, hour, booked_at_ms);
ALTER TABLE ONLY ledger.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (name);
ALTER TABLE ONLY ledger.meter_gap
    ADD CONSTRAINT meter_gap_pkey PRIMARY KEY (site_id, meter_id, to_ms);
ALTER TABLE ONLY ledger.meter
    ADD CONSTRAINT meter_pkey PRIMARY KEY (site_id, meter_id);
ALTER TABLE ONLY ledger.meter
    ADD CONSTRAINT meter_site_id_project_id_resource_id_key UNIQUE (site_id, project_id, resource_id);
ALTER TABLE ONLY ledger.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY ledger.month
    ADD CONSTRAINT month_pkey PRIMARY KEY (site_id, meter_id, first_hour);
ALTER TABLE ONLY ledger.portal
    ADD CONSTRAINT portal_pkey PRIMARY KEY (holder);
ALTER TABLE ONLY ledger.project_name
    ADD CONSTRAINT project_name_pkey PRIMARY KEY (site_id, project_id, from_ms);
ALTER TABLE ONLY ledger.project
    ADD CONSTRAINT project_pkey PRIMARY KEY (site_id, project_id);
ALTER TABLE ONLY ledger.project
    ADD CONSTRAINT project_site_id_cloud_id_key_key UNIQUE (site_id, cloud_id, key);
ALTER TABLE ONLY ledger.refusal
    ADD CONSTRAINT refusal_pkey PRIMARY KEY (site_id, reason);
ALTER TABLE ONLY ledger.resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (site_id, resource_id);
ALTER TABLE ONLY ledger.resource
    ADD CONSTRAINT resource_site_id_name_key UNIQUE (site_id, name);
ALTER TABLE ONLY ledger.site_hour
    ADD CONSTRAINT site_hour_pkey PRIMARY KEY (site_id, cloud_id, hour);
ALTER TABLE ONLY ledger.site
    ADD CONSTRAINT site_name_key UNIQUE (name);
ALTER TABLE ONLY ledger.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (site_id);
ALTER TABLE ONLY ledger.site_state
    ADD CONSTRAINT site_state_pkey PRIMARY KEY (site_id);
CREATE INDEX entry_by_hour ON ledger.entry USING brin (hour) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX lease_by_holder ON ledger.lease USING btree (holder);
CREATE INDEX month_by_hour ON ledger.month USING brin (first_hour);
CREATE INDEX project_by_key ON ledger.project USING btree (key, site_id);
CREATE UNIQUE INDEX project_name_now ON ledger.project_name USING btree (site_id, project_id) WHERE (to_ms IS NULL);
ALTER TABLE ONLY ledger.cloud
    ADD CONSTRAINT cloud_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site(site_id);
ALTER TABLE ONLY ledger.epoch
    ADD CONSTRAINT epoch_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site(site_id);
ALTER TABLE ONLY ledger.lease
    ADD CONSTRAINT lease_holder_fkey FOREIGN KEY (holder) REFERENCES ledger.portal(holder) ON DELETE CASCADE;
ALTER TABLE ONLY ledger.meter
    ADD CONSTRAINT meter_site_id_project_id_fkey FOREIGN KEY (site_id, project_id) REFERENCES ledger.project(site_id, project_id);
ALTER TABLE ONLY ledger.meter
    ADD CONSTRAINT meter_site_id_resource_id_fkey FOREIGN KEY (site_id, resource_id) REFERENCES ledger.resource(site_id, resource_id);
ALTER TABLE ONLY ledger.project_name
    ADD CONSTRAINT project_name_site_id_project_id_fkey FOREIGN KEY (site_id, project_id) REFERENCES ledger.project(site_id, project_id);
ALTER TABLE ONLY ledger.project
    ADD CONSTRAINT project_site_id_cloud_id_fkey FOREIGN KEY (site_id, cloud_id) REFERENCES ledger.cloud(site_id, cloud_id);
ALTER TABLE ONLY ledger.refusal
    ADD CONSTRAINT refusal_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site(site_id);
ALTER TABLE ONLY ledger.resource
    ADD CONSTRAINT resource_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site(site_id);
ALTER TABLE ONLY ledger.site_state
    ADD CONSTRAINT site_state_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site(site_id);
