import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';

/** Starts a server that answers in place of a site's gate, and ends it with the test; returns its address. */
export async function startFakeGate(answer: RequestListener): Promise<string> {
  // A connection stays as long as at a real gate: Node.js would close it when a slow portal may just use it again.
  const server = createServer({ keepAliveTimeout: 75_000 }, answer);
  onTestFinished(async () => await closeServer(server, 0));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

export const TEXT_FORMAT = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

/** A line of a gate's answer with one project's total; `value` is amount × hours. */
export function usageLine(
  projectId: string,
  value: number | string,
  atMs: number,
  resource = 'vcpu',
): string {
  const labels = `project_id="${projectId}",project_name="Project ${projectId}",domain_id="d",domain_name="Domain"`;
  return `project_${resource}_usage{job="project_usages",${labels}} ${value} ${atMs}\n`;
}
