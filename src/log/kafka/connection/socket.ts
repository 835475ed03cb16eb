import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** Idle time after which the system probes the connection, as kafkajs's own sockets do. */
const KEEP_ALIVE_MS = 60_000;

/** Receive buffer that all sockets of this thread share. */
const received = Buffer.allocUnsafeSlow(256 * 1024);

/** Connection arguments, as kafkajs passes them. */
interface Destination {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions;
  readonly onConnect: () => void;
}

/**
 * Creates a socket for kafkajs that reads into one shared buffer: the argument of `data` is valid
 * only until its listener returns. Node's default allocates 64 KiB for every read, which costs more
 * than the reading (`npm run bench -- drain`). TLS sockets use their own memory.
 */
export function createSocket({ host, port, ssl, onConnect }: Destination): Socket {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connect({ host, port, onread: { buffer: received, callback } }, onConnect);
  function callback(count: number, bytes: Uint8Array): boolean {
    socket.emit('data', (bytes as Buffer).subarray(0, count));
    return true;
  }
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}
