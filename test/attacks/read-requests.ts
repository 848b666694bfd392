import { ProtobufWriter } from '../../src/prometheus/remote/protobuf-writer.ts';
import { parseSelector } from '../../src/prometheus/selectors/selectors.ts';
import { toSnappy } from '../../src/prometheus/remote/snappy.ts';
import { request } from './attack.ts';

// Remote reads that no client would write: field by field, and as bytes, one character for each byte.

const OPS = ['=', '!=', '=~', '!~'];
export const START_MS = 1_700_000_000_000;

export const writer = () => new ProtobufWriter();

export function matcher(type: number, label: string, value: string): ProtobufWriter {
  return writer().int64(1, type).text(2, label).text(3, value);
}

/** A query of ten minutes, with its matchers in the field `field`. */
export function query(
  matchers: readonly ProtobufWriter[],
  [startMs, endMs] = [START_MS, START_MS + 600_000],
  field = 3,
): ProtobufWriter {
  const message = writer().int64(1, startMs).int64(2, endMs);
  for (const one of matchers) message.message(field, one);
  return message;
}

export function queryOf(selector: string, range?: [number, number]): ProtobufWriter {
  return query(
    parseSelector(selector).map(({ op, label, value }) => matcher(OPS.indexOf(op), label, value)),
    range,
  );
}

export function readOf(...queries: readonly ProtobufWriter[]): ProtobufWriter {
  const message = writer();
  for (const one of queries) message.message(1, one);
  return message;
}

export const packed = (message: ProtobufWriter | Uint8Array) =>
  latin1(toSnappy(message instanceof ProtobufWriter ? message.finish() : message));

export const hex = (bytes: string) => packed(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));

export const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

export const READ_TYPE = 'Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n';

/** A request with a body of bytes and a valid token. */
export function post(body: string, headers = READ_TYPE, line = 'POST /api/v1/read HTTP/1.1'): string {
  return request(line, `${headers}Content-Length: ${body.length}\r\n`, body);
}
