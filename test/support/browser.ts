import { Agent, fetch as fetchWith } from 'undici';

/** A browser as far as a sign-in needs one: it keeps cookies by origin, and follows redirects one by one. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  readonly #dispatcher: Agent;

  /** A browser that trusts a CA, and comes from this address. */
  constructor({ ca, localAddress }: { ca?: string; localAddress?: string } = {}) {
    this.#dispatcher = new Agent({
      ...(ca === undefined ? {} : { connect: { ca } }),
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  cookiesOf(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const cookies = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, cookies);
    return cookies;
  }

  async open(
    url: string,
    options: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const cookies = this.cookiesOf(url);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...options.headers };
    const dispatcher = this.#dispatcher;
    const response = await fetchWith(url, { ...options, headers, redirect: 'manual', dispatcher });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects up to the first address that `until` accepts, and returns that address without opening it. */
  async addressAfter(url: string, until: (address: string) => boolean): Promise<string> {
    let address = url;
    for (let hops = 0; hops < 20; hops += 1) {
      if (until(address)) return address;
      const response = await this.open(address);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`${address}: ${response.status} ${await response.text()}`);
      address = new URL(location, address).href;
    }
    throw new Error('too many redirects');
  }
}
