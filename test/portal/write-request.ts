import protobuf from 'protobufjs';
import { toSnappy } from '../../src/prometheus/remote/snappy.ts';

const { root } = protobuf.parse(
  `syntax = "proto3";
   message WriteRequest { repeated TimeSeries timeseries = 1; repeated Metadata metadata = 3; }
   message ReadResponse { repeated QueryResult results = 1; }
   message QueryResult { repeated TimeSeries timeseries = 1; }
   message Metadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
   message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; }
   message Label { string name = 1; string value = 2; }
   message Sample { double value = 1; int64 timestamp = 2; }
   message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }`,
);
const WriteRequest = root.lookupType('WriteRequest');
const ReadResponse = root.lookupType('ReadResponse');

/** A series in a request of remote write 1.0. */
export interface WrittenSeries {
  labels: { name: string; value: string }[];
  samples: { value: number; timestamp: number }[];
}

/** Encodes a request with protobufjs and the published definition, not with stackmeter's encoder; uncompressed. */
export function encodeWriteRequest(timeseries: readonly WrittenSeries[], more: object = {}): Buffer {
  return Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries, ...more })).finish());
}

/** Encodes the answer of a remote read with the series of each query; uncompressed. */
export function encodeReadResponse(queries: readonly (readonly WrittenSeries[])[]): Buffer {
  const results = queries.map((timeseries) => ({ timeseries }));
  return Buffer.from(ReadResponse.encode(ReadResponse.fromObject({ results })).finish());
}

/** A series with one sample. */
export function writtenSeries(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
  timestamp: number,
): WrittenSeries {
  const all = Object.entries({ __name__: name, ...labels }).map(([label, text]) => ({
    name: label,
    value: text,
  }));
  return { labels: all, samples: [{ value, timestamp }] };
}

/** Sends series as Prometheus does; resolves with the status and the body of the answer. */
export async function remoteWrite(
  portalUrl: string,
  authorization: string,
  series: readonly WrittenSeries[],
): Promise<[status: number, body: string]> {
  const response = await fetch(`${portalUrl}/api/v1/write`, {
    method: 'POST',
    headers: {
      authorization,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: toSnappy(encodeWriteRequest(series)),
  });
  return [response.status, await response.text()];
}
