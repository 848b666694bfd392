export interface ServerLogLine {
  level: 'debug' | 'warn' | 'error';
  text: string;
}

/**
 * How a line of the server's log is to be logged by us. A statement (ERROR) or connection (FATAL) that fails is the
 * affair of whoever sent it, so neither is alarming here; a server that gives up (PANIC) is.
 */
export function readServerLogLine(line: string): ServerLogLine {
  const [, severity, text] = /\b(LOG|WARNING|ERROR|FATAL|PANIC): {2}(.*)$/.exec(line) ?? [];
  return { level: levelOf(severity), text: text ?? line };
}

function levelOf(severity: string | undefined): ServerLogLine['level'] {
  if (severity === 'PANIC') return 'error';
  return severity === 'WARNING' ? 'warn' : 'debug';
}
