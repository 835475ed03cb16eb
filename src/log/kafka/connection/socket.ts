import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/**
 * After so long without traffic the system asks whether the other side is there, as with kafkajs's
 * own sockets.
 */
const KEEP_ALIVE_MS = 60_000;

/** What the sockets of this thread read into, one after another. */
const received = Buffer.allocUnsafeSlow(256 * 1024);

/** Where to connect to, as kafkajs asks for it. */
interface Destination {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions;
  readonly onConnect: () => void;
}

/**
 * A socket for kafkajs that reads into memory of ours: what `data` brings holds only until its
 * listener returns. By itself Node allocates 64 KiB for every read, which costs more than the
 * reading (`npm run bench -- drain`). TLS has its own memory.
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
