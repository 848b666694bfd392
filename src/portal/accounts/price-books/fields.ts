import { z } from 'zod';

/**
 * A decimal as text, without needless zeros. Files may have numbers: decimals of 15 digits survive a float, and a longer
 * one needs quotes.
 */
export function decimalField(places: number, what: string) {
  const pattern = new RegExp(`^0*(\\d{1,15})(?:\\.(\\d{1,${places}}?)0*)?$`);
  const shape = `must be a decimal of at most 15 digits and ${places} places, such as 2 or "0.013"`;
  return z
    .union([z.string(), z.number()], {
      error: (issue) => (issue.input === undefined ? `missing; ${what}` : shape),
    })
    .transform((value, context) => {
      const text = String(value).trim();
      const [, whole, fraction = ''] = pattern.exec(text) ?? [];
      const digits = text.replaceAll(/\D/g, '').length;
      if (whole !== undefined && (typeof value === 'string' || digits <= 15))
        return /^0*$/.test(fraction) ? whole : `${whole}.${fraction}`;
      context.addIssue({ code: 'custom', message: `${shape}; '${text.slice(0, 40)}' is not` });
      return z.NEVER;
    });
}

const LARGEST = 1_000_000_000;

/** A whole size or amount, from `least` on. */
export function wholeField(least: number) {
  const message = `must be a whole number from ${least} to 1,000,000,000`;
  return z.int({ error: message }).min(least, message).max(LARGEST, message);
}

/** A name of a flavor or a device. */
export function patternField(example: string) {
  return z
    .string({ error: `must be text, such as "${example}"` })
    .min(1, 'is empty')
    .max(255, 'is longer than 255 characters')
    .regex(
      /^[^*\p{Cc}\p{Cs}]*\*?$/u,
      `must be a name, or the beginning of names with * behind it, such as "${example}*"`,
    );
}
