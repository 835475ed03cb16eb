import { connect, type Socket } from 'node:net';

const PRODUCE = 0;
const VERSION = 7;
const CLIENT_ID = Buffer.from('reprise-bench');
const IN_FLIGHT_MAX = 32;

/**
 * A plaintext connection to one broker that only sends Produce v7 requests (acks=all), many in
 * flight: the quick way to fill a topic before a measurement. Kafka works off a connection's
 * requests in order, so batches stay in order. Any failure ends it: a half-filled topic is of no
 * use to a bench.
 */
export class ProduceConnection {
  readonly #socket: Socket;
  readonly #where: string;
  #received: Buffer = Buffer.alloc(0);
  #inFlight = 0;
  #correlationId = 0;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(host: string, port: number) {
    this.#where = `${host}:${port}`;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#onData(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error(`${this.#where} closed the connection`)));
  }

  /**
   * Sends one record batch; waits while too many are unacknowledged. @throws Error when this or an
   * earlier batch was refused
   */
  async send(topic: string, partition: number, batch: Buffer): Promise<void> {
    while (this.#inFlight >= IN_FLIGHT_MAX && this.#failure === null) await this.#answered();
    if (this.#failure !== null) throw this.#failure;
    this.#inFlight += 1;
    this.#socket.cork();
    this.#socket.write(this.#head(topic, partition, batch.length));
    this.#socket.write(batch);
    this.#socket.uncork();
  }

  /** Waits until everything is acknowledged, then closes. @throws Error when a batch was refused */
  async close(): Promise<void> {
    while (this.#inFlight > 0 && this.#failure === null) await this.#answered();
    const failure = this.#failure;
    this.#socket.destroy();
    if (failure !== null) throw failure;
  }

  #answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #head(topic: string, partition: number, batchBytes: number): Buffer {
    const name = Buffer.from(topic);
    const head = Buffer.alloc(
      4 + 2 + 2 + 4 + 2 + CLIENT_ID.length + 2 + 2 + 4 + 4 + 2 + name.length + 4 + 4 + 4,
    );
    let at = head.writeInt32BE(head.length - 4 + batchBytes, 0);
    at = head.writeInt16BE(PRODUCE, at);
    at = head.writeInt16BE(VERSION, at);
    at = head.writeInt32BE(this.#correlationId++, at);
    at = head.writeInt16BE(CLIENT_ID.length, at);
    at += CLIENT_ID.copy(head, at);
    at = head.writeInt16BE(-1, at); // no transactional id
    at = head.writeInt16BE(-1, at); // acks=all
    at = head.writeInt32BE(30_000, at);
    at = head.writeInt32BE(1, at);
    at = head.writeInt16BE(name.length, at);
    at += name.copy(head, at);
    at = head.writeInt32BE(1, at);
    at = head.writeInt32BE(partition, at);
    head.writeInt32BE(batchBytes, at);
    return head;
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) break;
      this.#onAnswer(this.#received.subarray(8, end));
      this.#received = this.#received.subarray(end);
    }
    this.#wakeUp();
  }

  /** One topic, one partition: topics, name, partitions, index, then the error code. */
  #onAnswer(body: Buffer): void {
    this.#inFlight -= 1;
    const errorAt = 4 + 2 + body.readInt16BE(4) + 4 + 4;
    const code = body.readInt16BE(errorAt);
    if (code !== 0)
      this.#fail(new Error(`${this.#where} refused a batch with Kafka's error ${code}`));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
