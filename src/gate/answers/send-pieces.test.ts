import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { sendPieces } from './send-pieces.ts';

/** A client that asks and reads nothing, and the response to it. */
async function unread() {
  let answer: (response: ServerResponse) => void = () => undefined;
  const asked = new Promise<ServerResponse>((resolve) => (answer = resolve));
  const server = createServer((_, response) => answer(response));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: any\r\n\r\n');
  return { client, response: await asked };
}

/** More than the kernel takes of an answer that nobody reads. Calls `onPiece` before each one, and `onEnd` when nobody wants more. */
async function* endless(onPiece: (count: number) => void, onEnd: () => void) {
  try {
    for (let count = 0; ; count++) {
      onPiece(count);
      yield [Buffer.alloc(1_000_000), 'any text'];
    }
  } finally {
    onEnd();
  }
}

it('frees what its pieces need when the client leaves while it waits for the client', async () => {
  const { client, response } = await unread();
  const ended: number[] = [];
  const sent = sendPieces(
    endless(
      (count) => void (count === 0 && setImmediate(() => client.destroy())),
      () => ended.push(1),
    ),
    response,
  );
  await expect(sent).rejects.toBeInstanceOf(Error);
  expect(ended).toEqual([1]);
});

it('sends nothing to a client that has left', async () => {
  const { client, response } = await unread();
  const closed = new Promise((resolve) => response.once('close', resolve));
  client.destroy();
  await closed;
  await expect(sendPieces(endless(() => undefined, () => undefined), response)).rejects.toThrow('the client is gone'); // prettier-ignore
  async function* nothing() {}
  await expect(sendPieces(nothing(), response)).rejects.toThrow('the client is gone');
});
