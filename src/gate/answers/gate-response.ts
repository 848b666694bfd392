import { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Resets the connection where an answer in HTTP/1.0 breaks off: a normal end would look like the end of the answer. */
export class GateResponse extends ServerResponse {
  override destroy(error?: Error): this {
    const { socket } = this;
    const broken = this.headersSent && !this.writableFinished;
    // Node.js cannot reset a TLS connection.
    if (broken && this.req.httpVersion === '1.0' && !(socket instanceof TLSSocket)) socket?.resetAndDestroy();
    return super.destroy(error);
  }
}
