import { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

/** In HTTP/1.0 the end of the connection is the end of the answer: an answer that breaks off ends with a reset. */
export class GateResponse extends ServerResponse {
  override destroy(error?: Error): this {
    const { socket } = this;
    const broken = this.headersSent && !this.writableFinished;
    // Node.js cannot reset a connection of TLS.
    if (broken && this.req.httpVersion === '1.0' && !(socket instanceof TLSSocket)) socket?.resetAndDestroy();
    return super.destroy(error);
  }
}
