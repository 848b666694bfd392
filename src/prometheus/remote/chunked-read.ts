import { ProtobufReader } from './protobuf-reader.ts';

// Source: ChunkedReadResponse of prompb/remote.proto, ChunkedSeries and Chunk of prompb/types.proto of Prometheus.

/** One series in a frame of a streamed answer. */
export interface ChunkedSeries {
  /** Its `Label` messages, with one character for each byte. */
  labels: string;
  chunks: readonly Chunk[];
}

interface Chunk {
  /** `XOR_CHUNK`, or an encoding of histograms. */
  encoding: number;
  data: Buffer;
}

export const XOR_CHUNK = 1;

/** The series of a `ChunkedReadResponse`. Throws `ProtobufError`. */
export function decodeChunkedResponse(bytes: Buffer): ChunkedSeries[] {
  const message = new ProtobufReader(bytes);
  const series: ChunkedSeries[] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) series.push(readSeries(message.message()));
    else message.skip();
  }
  return series;
}

function readSeries(message: ProtobufReader): ChunkedSeries {
  const chunks: Chunk[] = [];
  let labels = message.leading(1);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 2) chunks.push(readChunk(message.message()));
    else message.skip();
    labels += message.leading(1);
  }
  return { labels, chunks };
}

function readChunk(message: ProtobufReader): Chunk {
  let encoding = 0;
  let data = Buffer.alloc(0);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 3) encoding = message.number();
    else if (field === 4) data = message.bytes() as Buffer<ArrayBuffer>;
    else message.skip();
  }
  return { encoding, data };
}
