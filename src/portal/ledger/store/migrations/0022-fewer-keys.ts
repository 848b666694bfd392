/**
 * PostgreSQL checks a foreign key row by row, which took two thirds of the time of new meters. `verify` looks for rows whose
 * parent is missing, as it does for entries, which never had a key.
 */
export const fewerKeys = `
ALTER TABLE ledger.project DROP CONSTRAINT project_site_id_cloud_id_fkey;
ALTER TABLE ledger.project_name DROP CONSTRAINT project_name_site_id_project_id_fkey;
ALTER TABLE ledger.meter DROP CONSTRAINT meter_site_id_project_id_fkey;
ALTER TABLE ledger.meter DROP CONSTRAINT meter_site_id_resource_id_fkey;
`;
