import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../prometheus/sample.ts';
import { DEFAULT_BODY_LIMITS, readFederateBody } from './federate-body.ts';

/** Reads an answer that comes byte by byte. */
async function read(bytes: Buffer): Promise<Sample[]> {
  const samples: Sample[] = [];
  const body = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
  await readFederateBody(body, 'identity', DEFAULT_BODY_LIMITS, (sample) => samples.push(sample));
  return samples;
}

describe('the answer of a site', () => {
  it('is UTF-8, wherever it is cut, and nothing else: ids could become one', async () => {
    const labels = { project_id: 'é😀\ufffd' };
    expect(await read(Buffer.from('m{project_id="é😀\ufffd"} 1\n'))).toEqual([
      { name: 'm', labels, value: 1, timestampMs: undefined },
    ]);
    await expect(read(Buffer.from('m{project_id="\xe9"} 1\n', 'latin1'))).rejects.toThrow(
      'the answer is not UTF-8',
    );
    await expect(read(Buffer.from('m 1\n\xc3', 'latin1'))).rejects.toThrow('the answer is not UTF-8');
  });

  it('is refused, and nothing worse, where it ends a Prometheus', async () => {
    await expect(read(Buffer.from('{A} 0\n'))).rejects.toThrow(
      "line 1: expected '=' after the label name 'A'",
    );
  });
});
