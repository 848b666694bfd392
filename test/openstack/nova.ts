/** Usage as Nova reports it, read without the code under test. */
export interface NovaUsage {
  vcpu: number;
  mb: number;
  disk_gb: number;
  instance: number;
}

export interface TestCloud {
  /** Nova's usage of each project in the window, in amount × hours. */
  usage(fromMs: number, toMs: number): Promise<Map<string, NovaUsage>>;
  /** The number of servers of each project in the window. */
  servers(fromMs: number, toMs: number): Promise<Map<string, number>>;
  /** Names of all projects by id, in one line each, like the exporter shows them. */
  projectNames(): Promise<Map<string, string>>;
}

interface UsagePage {
  tenant_usages: {
    tenant_id: string;
    server_usages?: unknown[];
    total_hours: number;
    total_vcpus_usage: number;
    total_memory_mb_usage: number;
    total_local_gb_usage: number;
  }[];
  tenant_usages_links?: { rel: string; href: string }[];
}

/** Signs in to a cloud with the password of an openrc. */
export async function signIn(environment: Record<string, string>): Promise<TestCloud> {
  const authUrl = environment['OS_AUTH_URL'] ?? '';
  const response = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(passwordRequest(environment)),
  });
  if (response.status !== 201) throw new Error(`Keystone answered ${response.status}`);
  const headers = {
    'X-Auth-Token': response.headers.get('X-Subject-Token') ?? '',
    'OpenStack-API-Version': 'compute 2.40',
  };
  const { token } = (await response.json()) as {
    token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
  };
  const compute = token.catalog
    .find(({ type }) => type === 'compute')
    ?.endpoints.find((endpoint) => endpoint.interface === 'public')?.url;
  const get = async (url: string) => {
    const answer = await fetch(url, { headers });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return await answer.json();
  };
  const windowUrl = (fromMs: number, toMs: number) =>
    `${compute}/os-simple-tenant-usage?start=${novaTime(fromMs)}&end=${novaTime(toMs)}`;
  return {
    usage: async (fromMs, toMs) => await usage(get, windowUrl(fromMs, toMs)),
    servers: async (fromMs, toMs) => {
      const counts = new Map<string, number>();
      for (const row of await rows(get, `${windowUrl(fromMs, toMs)}&detailed=1`))
        counts.set(row.tenant_id, (counts.get(row.tenant_id) ?? 0) + (row.server_usages?.length ?? 0));
      return counts;
    },
    projectNames: async () => {
      const { projects } = (await get(`${authUrl}/projects`)) as { projects: { id: string; name: string }[] };
      return new Map(projects.map(({ id, name }) => [id, name.replaceAll(/\s/g, ' ')]));
    },
  };
}

type Get = (url: string) => Promise<unknown>;

async function usage(get: Get, first: string): Promise<Map<string, NovaUsage>> {
  const totals = new Map<string, NovaUsage>();
  for (const row of await rows(get, first)) {
    const before = totals.get(row.tenant_id) ?? { vcpu: 0, mb: 0, disk_gb: 0, instance: 0 };
    totals.set(row.tenant_id, {
      vcpu: before.vcpu + row.total_vcpus_usage,
      mb: before.mb + row.total_memory_mb_usage,
      disk_gb: before.disk_gb + row.total_local_gb_usage,
      instance: before.instance + row.total_hours,
    });
  }
  return totals;
}

/** The rows of all pages; a project may be on several pages. */
async function rows(get: Get, first: string): Promise<UsagePage['tenant_usages']> {
  const found: UsagePage['tenant_usages'] = [];
  for (let url: string | undefined = first; url !== undefined;) {
    const page = (await get(url)) as UsagePage;
    found.push(...page.tenant_usages);
    url = page.tenant_usages_links?.find(({ rel }) => rel === 'next')?.href;
  }
  return found;
}

function novaTime(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '');
}

function passwordRequest(environment: Record<string, string>) {
  const user = {
    name: environment['OS_USERNAME'],
    password: environment['OS_PASSWORD'],
    domain: { name: environment['OS_USER_DOMAIN_NAME'] },
  };
  const project = {
    name: environment['OS_PROJECT_NAME'],
    domain: { id: environment['OS_PROJECT_DOMAIN_ID'] },
  };
  return { auth: { identity: { methods: ['password'], password: { user } }, scope: { project } } };
}
