/** The answers from which the file of a portal is made. */
export interface PortalAnswers {
  /** The address that people open, such as `https://usage.example.org`; undefined for this machine only. */
  publicUrl: string | undefined;
  /** Absolute. */
  dataFolder: string;
}

export function portalFile({ publicUrl, dataFolder }: PortalAnswers): string {
  return `# The portal: stackmeter portal --config portal.toml
# docs/settings.md lists all settings. A running portal reads sites again on SIGHUP.

# Only this machine can connect. A proxy with TLS stands in front for others.
listen = "127.0.0.1:8000"

# The folder of the portal's own database. DATABASE_URL names a PostgreSQL in place of it.
data = ${JSON.stringify(dataFolder)}

${publicUrl === undefined ? LOCAL_ACCESS : publicAccess(publicUrl)}
# Sites: "stackmeter portal invite SITE" and "stackmeter portal enrol REPLY" write a [[site]] below.
`;
}

const LOCAL_ACCESS = `# Without these lines, anyone on this machine reads and changes everything.
# public_url = "https://usage.example.org"
# [access]
${providerLines()}`;

function publicAccess(publicUrl: string): string {
  return `# The address that people open in their browsers.
public_url = ${JSON.stringify(publicUrl)}

# Who comes in. The first start writes a token of an operator to operator.token in the data folder.
[access]
${providerLines()}`;
}

function providerLines(): string {
  return `# To sign in with OpenID Connect (docs/portal-guide.md#who-may-read-what):
# [[access.provider]]
# name = "keycloak"
# title = "Example University"
# issuer = "https://id.example.org/realms/usage"
# client_id = "stackmeter"
# client_secret_file = "keycloak.secret"
`;
}
