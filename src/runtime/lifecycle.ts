import type { Logger } from './logger.ts';
import type { Role } from './role.ts';
import { describeError } from './user-error.ts';

/** Runs a role until SIGTERM or SIGINT, and reloads it on SIGHUP. Resolves after the role has closed. */
export async function runUntilSignal(role: Role, logger: Logger): Promise<void> {
  const ended = nextSignal(['SIGTERM', 'SIGINT']);
  const onHangup = () => void reload(role, logger);
  process.on('SIGHUP', onHangup);
  try {
    await Promise.race([role.start(), ended]);
    const signal = await ended;
    logger.info({ signal }, 'shutting down');
  } finally {
    process.off('SIGHUP', onHangup);
    await role.close();
  }
}

async function reload(role: Role, logger: Logger): Promise<void> {
  try {
    await role.reload?.();
    logger.info('configuration reloaded');
  } catch (error) {
    logger.error({ reason: describeError(error) }, 'reload failed, the old configuration stays in force');
  }
}

function nextSignal(signals: NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const listener = (signal: NodeJS.Signals) => {
      for (const other of signals) process.off(other, listener);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, listener);
  });
}
