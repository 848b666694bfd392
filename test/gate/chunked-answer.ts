/** A series in a streamed answer of a remote read. Values are given as the upper and lower 32 bits of a double. */
export interface AnsweredSeries {
  /** The `Label` messages of the series, one character for each byte. */
  labels: string;
  samples: readonly { timestampMs: number; high: number; low: number }[];
}

export const CHUNKED_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/** Encodes labels as `Label` messages, one character for each byte. */
export function labelBytes(labels: Readonly<Record<string, string>>): string {
  const messages = Object.entries(labels).map(([name, value]) =>
    delimited(1, Buffer.concat([delimited(1, Buffer.from(name)), delimited(2, Buffer.from(value))])),
  );
  return Buffer.concat(messages).toString('latin1');
}

/** Encodes the answer to one query: a frame for each series, an XOR chunk for each sample, and empty checksums. */
export function chunkedAnswer(series: readonly AnsweredSeries[]): Buffer {
  return Buffer.concat(series.map((one) => frameOf(delimited(1, seriesOf(one)))));
}

function frameOf(message: Buffer): Buffer {
  return Buffer.concat([varint(message.length), Buffer.alloc(4), message]);
}

function seriesOf({ labels, samples }: AnsweredSeries): Buffer {
  const chunks = samples.map((sample) =>
    delimited(2, Buffer.concat([field(3, 1), delimited(4, xorChunkOf(sample))])),
  );
  return Buffer.concat([Buffer.from(labels, 'latin1'), ...chunks]);
}

/** A chunk of one sample: count, time and value. Source: tsdb/chunkenc/xor.go of Prometheus. */
function xorChunkOf({ timestampMs, high, low }: AnsweredSeries['samples'][number]): Buffer {
  const value = Buffer.alloc(8);
  value.writeInt32BE(high | 0, 0);
  value.writeInt32BE(low | 0, 4);
  return Buffer.concat([Buffer.of(0, 1), varint(2 * timestampMs), value]);
}

function field(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

function delimited(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}
