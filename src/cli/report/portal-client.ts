import type { Page } from '../../portal/api/shapes/answers.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';

/** Asks a portal over its API. */
export class PortalClient {
  readonly #address: URL;
  /** The address without credentials. */
  readonly #shown: string;
  readonly #headers: Record<string, string>;

  /** @param address the URL of the portal; it may have a path. */
  constructor(address: URL, token: string | undefined) {
    this.#address = new URL(address);
    this.#address.pathname = address.pathname.replace(/\/*$/, '/');
    this.#shown = this.#address.origin + this.#address.pathname;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** The rows of all pages of an answer. Throws `UserError`. */
  async rows<T>(path: string, parameters: URLSearchParams): Promise<T[]> {
    const rows: T[] = [];
    const asked = new URLSearchParams(parameters);
    for (let cursor: string | null | undefined; cursor !== null;) {
      if (cursor !== undefined) asked.set('cursor', cursor);
      const page = (await this.#page(path, asked)) as Page<T>;
      if (page.next !== null && page.next === cursor) throw new UserError(`${this.#shown} repeats a page`);
      for (const row of page.data) rows.push(row);
      cursor = page.next;
    }
    return rows;
  }

  async #page(path: string, parameters: URLSearchParams): Promise<Page<unknown>> {
    const url = new URL(`${path}?${parameters.toString()}`, this.#address);
    const headers = { ...this.#headers, accept: 'application/json' };
    const answer = await fetch(url, { headers, redirect: 'manual' }).catch((error: unknown) => {
      throw new UserError(`cannot reach ${this.#shown}: ${describeError(error)}`, { cause: error });
    });
    const text = await answer.text().catch((error: unknown) => {
      throw new UserError(`the answer of ${this.#shown} broke off`, { cause: error });
    });
    const body = parsed(text);
    if (answer.ok && body !== undefined && 'data' in body) return body as Page<unknown>;
    throw new UserError(refusal(answer.status, body, this.#shown));
  }
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** One line about an answer without rows. */
function refusal(status: number, body: object | undefined, address: string): string {
  const said = body !== undefined && 'error' in body ? body.error : undefined;
  if (typeof said !== 'string')
    return `${address} answers ${status}, and not as a portal does: name the address of the portal with --portal`;
  // A terminal obeys control characters.
  const line = said.replaceAll(/\p{C}/gu, '?');
  return status === 401 ? `${line}; name a file with the token with --token-file` : line;
}
