import { connect, createServer, type Socket } from 'node:net';

/** What the proxy does with a chunk on its way to the server. */
export type Verdict = 'forward' | 'cut-before' | 'cut-after';

export interface TcpProxy {
  readonly port: number;
  /** Asked for every chunk a client sends; default: forward all. */
  judge: (chunk: Buffer) => Verdict;
  /** Cuts every open connection on both sides. */
  cutAll(): void;
  close(): Promise<void>;
}

/** A TCP proxy on loopback that can cut connections at an exact byte: before a chunk reaches the server, or after it did but before the answer comes back. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk) => {
      const verdict = proxy.judge(chunk);
      if (verdict === 'cut-before') {
        client.destroy();
        upstream.destroy();
        return;
      }
      if (verdict === 'cut-after') {
        // The server gets the bytes and answers; the client is gone by then.
        upstream.removeAllListeners('data');
        upstream.resume();
        upstream.write(chunk, () => client.resetAndDestroy());
        upstream.on('data', () => upstream.destroy());
        return;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  const proxy: TcpProxy = {
    port: address.port,
    judge: () => 'forward',
    cutAll,
    async close() {
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/** True for the simple-protocol message that ends a transaction. */
export function isCommit(chunk: Buffer): boolean {
  return chunk[0] === 0x51 && chunk.subarray(5, 11).toString().toLowerCase() === 'commit';
}
