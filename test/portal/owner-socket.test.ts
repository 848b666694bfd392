import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openOwnerSocket, withOwnerSocket } from '../../src/portal/owner-socket.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { temporaryFolder } from '../support/processes.ts';

const answering = (name: string) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.end(name);

async function opened(folder: string, name: string) {
  const socket = await openOwnerSocket(folder, answering(name), silentLogger());
  onTestFinished(async () => await socket.close());
  return socket;
}

/** The name of the portal that answers on the socket of the folder; undefined without one. */
async function whoAnswers(folder: string): Promise<string | undefined> {
  const found = await withOwnerSocket(folder, async (socketPath) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ socketPath }, resolve).once('error', reject).end();
    });
    return await text(response);
  });
  return found?.result;
}

it('belongs to the portal that was first, is open to its owner only, and goes with it', async () => {
  const folder = temporaryFolder();
  expect(await whoAnswers(folder)).toBe(undefined);
  const first = await opened(folder, 'first');
  await opened(folder, 'second');
  expect(await whoAnswers(folder)).toBe('first');
  expect(statSync(join(folder, 'portal.sock')).mode & 0o777).toBe(0o600);
  await first.close();
  expect([await whoAnswers(folder), existsSync(join(folder, 'portal.sock'))]).toEqual([undefined, false]);
});

it('works in a folder whose path is too long for the system', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(120));
  mkdirSync(folder);
  await opened(folder, 'far');
  expect(await whoAnswers(folder)).toBe('far');
});

it('keeps another file of that name, and makes no folder', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'portal.sock'), 'mine');
  await opened(folder, 'portal');
  expect(statSync(join(folder, 'portal.sock')).size).toBe(4);
  await opened(join(folder, 'none'), 'portal');
  expect(existsSync(join(folder, 'none'))).toBe(false);
});
