export interface ServerLogLine {
  level: 'debug' | 'warn' | 'error';
  text: string;
}

/**
 * Our log level for a line of the server's log. A failed statement (ERROR) or connection (FATAL) concerns only its client,
 * so neither is an error here. A server that gives up (PANIC) is one.
 */
export function readServerLogLine(line: string): ServerLogLine {
  const [, severity, text] = /\b(LOG|WARNING|ERROR|FATAL|PANIC): {2}(.*)$/.exec(line) ?? [];
  return { level: levelOf(severity), text: text ?? line };
}

function levelOf(severity: string | undefined): ServerLogLine['level'] {
  if (severity === 'PANIC') return 'error';
  return severity === 'WARNING' ? 'warn' : 'debug';
}
