import { z } from 'zod';

/** `2026-11-22T13:55:13` in UTC. Nova accepts only this form, and refuses a `Z`. */
export function formatNovaTime(instantMs: number): string {
  const text = new Date(instantMs).toISOString().slice(0, -1);
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

/**
 * Unix milliseconds of `2026-11-22T13:54:57.377211`, which is in UTC without a zone. Undefined for any other form. Reads character
 * by character, for speed: each server of an answer has two times.
 */
export function parseNovaTime(text: string): number | undefined {
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined;
  if (text[10] !== 'T' && text[10] !== ' ') return undefined;
  const dayMs = parseDay(text);
  const [hours, minutes, seconds] = [numberAt(text, 11, 13), numberAt(text, 14, 16), numberAt(text, 17, 19)];
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return undefined;
  const instantMs = dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + parseFraction(text);
  return Number.isNaN(instantMs) ? undefined : instantMs;
}

/** Midnight of the day at the start of a text; NaN if there is no such day. */
function parseDay(text: string): number {
  const [year, month, day] = [numberAt(text, 0, 4), numberAt(text, 5, 7), numberAt(text, 8, 10)];
  if (!(year >= 1000 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const exists = day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  return exists ? Date.UTC(year, month - 1, day) : Number.NaN;
}

/** Whole milliseconds of up to nine digits after the seconds; 0 without digits, NaN for any other text. */
function parseFraction(text: string): number {
  if (text.length === 19) return 0;
  const digits = text.length - 20;
  if (text[19] !== '.' || digits < 1 || digits > 9) return Number.NaN;
  return Math.floor(numberAt(text, 20, text.length) / 10 ** (digits - 3));
}

/** The number in the digits from `start` up to `end`; NaN if a character is not a digit. */
function numberAt(text: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** A time in an answer of Nova, as milliseconds. */
export const novaTime = z.string().transform((text, context) => {
  const instantMs = parseNovaTime(text);
  if (instantMs !== undefined) return instantMs;
  context.addIssue({ code: 'custom', message: `'${text.slice(0, 40)}' is not a time` });
  return z.NEVER;
});
