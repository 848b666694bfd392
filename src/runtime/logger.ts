import { pino, stdTimeFunctions, type Logger } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level?: string;
  /** Lines for a person instead of JSON. */
  pretty?: boolean;
  destination?: NodeJS.WritableStream;
}

/** A logger to standard error. It writes lines for people on a terminal, otherwise JSON. */
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
 * The same logger without redaction, for lines that have only texts and numbers. Secrets are redacted in nested fields,
 * and the search for them takes three times as long as writing the line.
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
