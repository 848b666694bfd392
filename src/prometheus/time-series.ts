import { ProtobufError, type ProtobufReader } from './protobuf-reader.ts';
import type { Labels } from './sample.ts';
import { NAME_LABEL } from './selectors.ts';

/** A series with its samples, as remote read and remote write carry it. */
export interface TimeSeries {
  name: string;
  labels: Labels;
  samples: { value: number; timestampMs: number }[];
}

/** `TimeSeries` of prompb/types.proto; exemplars and native histograms are passed over. */
export function readTimeSeries(message: ProtobufReader): TimeSeries {
  const labels = new LabelCollector();
  const samples: TimeSeries['samples'] = [];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) labels.read(message.message());
    else if (field === 2) samples.push(readSample(message.message()));
    else message.skip();
  }
  return { ...labels.finish(), samples };
}

/** Gathers `Label` messages into a name and labels; throws `ProtobufError` where one stands there twice. */
export class LabelCollector {
  #name = '';
  readonly #labels: Record<string, string> = {};

  read(message: ProtobufReader): void {
    let name = '';
    let value = '';
    for (let field = message.next(); field !== 0; field = message.next()) {
      if (field === 1) name = message.text();
      else if (field === 2) value = message.text();
      else message.skip();
    }
    if (Object.hasOwn(this.#labels, name) || (name === NAME_LABEL && this.#name !== ''))
      throw new ProtobufError('a label stands there twice');
    if (name === NAME_LABEL) this.#name = value;
    else if (name === '__proto__')
      Object.defineProperty(this.#labels, name, { value, enumerable: true, writable: true });
    else this.#labels[name] = value;
  }

  finish(): { name: string; labels: Labels } {
    return { name: this.#name, labels: this.#labels };
  }
}

function readSample(message: ProtobufReader): TimeSeries['samples'][number] {
  let [value, timestampMs] = [0, 0];
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) value = message.double();
    else if (field === 2) timestampMs = message.int64();
    else message.skip();
  }
  return { value, timestampMs };
}
