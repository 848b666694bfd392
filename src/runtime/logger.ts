import { pino, stdTimeFunctions, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level?: string;
  /** Lines for a person instead of JSON. */
  pretty?: boolean;
  destination?: NodeJS.WritableStream;
}

/** A logger that writes for people on a terminal and JSON elsewhere, to standard error. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const destination = options.destination ?? process.stderr;
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['*.password', '*.token', '*.secret', '*.authorization'],
  };
  return (options.pretty ?? process.stderr.isTTY)
    ? pino(settings, personReadable(destination))
    : pino(settings, destination);
}

/**
 * The same, for lines whose fields are texts and numbers: what is redacted are fields of fields, and to look for them in every
 * line costs three times what the line costs.
 */
export function flatLogger(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

/** A logger that says nothing, for tests and for parts that run under another role's log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

function personReadable(destination: NodeJS.WritableStream) {
  return pretty({
    destination,
    sync: true,
    colorize: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'role',
    messageFormat: '{if role}{role}: {end}{msg}',
    singleLine: true,
  });
}
