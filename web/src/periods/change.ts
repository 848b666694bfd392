const percentage = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});

/** How an amount differs from an earlier one, in the reader's language. */
export interface Change {
  /** `+134.2`, `−3.0` or `0.0`. */
  amount: string;
  /** `+12.3%`; a dash if nothing was used before. */
  share: string;
}

export function changeOf(amount: number, earlier: number, format: (amount: number) => string): Change {
  const difference = amount - earlier;
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  return {
    amount: `${sign}${format(Math.abs(difference))}`,
    share: earlier > 0 ? percentage.format(difference / earlier).replace('-', '−') : '–',
  };
}

/** `+134.2 (+12.3%)`. */
export function changeWords({ amount, share }: Change): string {
  return share === '–' ? amount : `${amount} (${share})`;
}
