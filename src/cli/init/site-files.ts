/** The answers from which the files of a site are made. Paths are absolute. */
export interface SiteAnswers {
  credentials: { openrc: string } | { osCloud: string } | 'environment';
  /** Such as `2026-01-01`. */
  start: string;
  /** The site's Prometheus; undefined where the gate reads the exporter. */
  prometheus: string | undefined;
  certificate: { certFile: string; keyFile: string };
  stateFile: string;
}

export const EXPORTER_ADDRESS = '127.0.0.1:8080';

export function exporterFile(answers: SiteAnswers): string {
  return `# The exporter of this site: stackmeter exporter --config exporter.toml
# docs/settings.md lists all settings.

# The user of OpenStack. It needs a role that may read the usage of all projects.
${credentialLine(answers.credentials)}

# Usage counts from this day on. Only the first start reads it.
start = ${quoted(answers.start)}

# The running totals. Back this file up: without it, the totals start again.
state = ${quoted(answers.stateFile)}

# Only this machine can connect.
listen = ${quoted(EXPORTER_ADDRESS)}

# Also meters how long servers of each flavor were in each state.
# server_hours = true
`;
}

export function gateFile({ prometheus, certificate }: SiteAnswers): string {
  return `# The gate of this site: stackmeter gate --config gate.toml
# docs/settings.md lists all settings.

# The source of usage: the exporter, or a Prometheus that scrapes it under job_name: project_usages.
${prometheus === undefined ? `exporter = ${quoted(`http://${EXPORTER_ADDRESS}`)}` : `prometheus = ${quoted(prometheus)}`}

# All addresses, because the portal is somewhere else.
listen = ":8443"
tls_cert = ${quoted(certificate.certFile)}
tls_key = ${quoted(certificate.keyFile)}

# Who may read: "stackmeter gate accept INVITATION --config gate.toml" adds a [[token]] below.
`;
}

function credentialLine(credentials: SiteAnswers['credentials']): string {
  if (credentials === 'environment') return '# They come from the environment: OS_AUTH_URL and others.';
  return 'openrc' in credentials
    ? `openrc = ${quoted(credentials.openrc)}`
    : `os_cloud = ${quoted(credentials.osCloud)}`;
}

/** A basic string of TOML, which has the escapes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
