import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LOOPBACK, startGate } from './harness.ts';
import { eventually } from '../support/processes.ts';

/** Opens a connection that sends nothing. */
function idle(port: number): Promise<{ socket: Socket; ended: () => boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve({ socket, ended: () => isEnded }));
    let isEnded = false;
    socket.on('error', () => undefined).on('close', () => (isEnded = true));
    socket.resume();
    onTestFinished(() => void socket.destroy());
  });
}

describe.each([
  ['plain', false],
  ['with TLS', true],
])('connections from one address, %s,', (_, selfSigned) => {
  it('are limited; an ended connection makes room, and refused connections are counted', async () => {
    const { gate } = await startGate({ selfSigned, connectionsPerAddress: 2, metricsListen: LOOPBACK });
    const open = async () => await idle(gate.address.port);
    const [first, second, third] = [await open(), await open(), await open()];
    await eventually(async () => await Promise.resolve(third.ended() || undefined));
    expect([first.ended(), second.ended()]).toEqual([false, false]);
    const refused = async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${gate.metricsAddress?.port}/metrics`)).text();
      return /^stackmeter_gate_connections_refused_total\{reason="address"\} (\d+)$/m.exec(metrics)?.[1];
    };
    expect(await refused()).toBe('1');
    first.socket.destroy();
    // Until the gate notices the end, it refuses other connections.
    await eventually(async () => {
      const before = await refused();
      await open();
      return (await refused()) === before ? true : undefined;
    });
  });
});
