const encoder = new TextEncoder();

/** Writes one small message of protobuf, field by field, default values included. */
export class ProtobufWriter {
  readonly #bytes: number[] = [];

  /** An unsigned number, an enum or an int64. */
  int64(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  text(field: number, value: string): this {
    return this.#delimited(field, encoder.encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.#delimited(field, value.finish());
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #delimited(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(BigInt(value.length));
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(BigInt(field * 8 + wireType));
  }

  #varint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.#bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#bytes.push(Number(rest));
  }
}
