import { connect, createServer, type Socket } from 'node:net';

/**
 * What the proxy does with a chunk on its way to the server. `hold`: it and whatever comes after
 * it, on all connections, wait until `resume`.
 */
export type Verdict = 'forward' | 'hold' | 'cut-before' | 'cut-after';

/** Where the proxy leads. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Connections that clients have open. */
  readonly connections: number;
  /** Where new connections lead; may be changed at any time, as a failover does. */
  target: ProxyTarget;
  /** Asked for every chunk a client sends; default: forward all. */
  judge: (chunk: Buffer) => Verdict;
  /** Every chunk waits for so long, in both directions, in order. Milliseconds; default 0. */
  delayMs: number;
  /** Cuts a connection once it has carried so many bytes towards the server; default: never. */
  cutAfterBytes: number;
  /** Bytes stay where they are, in both directions, until `resume`; connections stay open. */
  pause(): void;
  /** Lets what was held back go on. */
  resume(): void;
  /**
   * Half open: the servers' sides are closed and the clients are not told; what they send is
   * swallowed. New connections are accepted and led nowhere until `resume`.
   */
  halfOpen(): void;
  /** Cuts every open connection on both sides in order (FIN). */
  cutAll(): void;
  /** The same by RST. */
  resetAll(): void;
  close(): Promise<void>;
}

type Mode = 'forward' | 'paused' | 'half-open';

/**
 * A TCP proxy on loopback that misbehaves on demand: it can cut connections at an exact byte
 * (before a chunk reaches the server, or after it did but before the answer comes back), reset,
 * hold back, delay, or leave clients with a connection whose other side is gone.
 */
export async function startTcpProxy(target: ProxyTarget): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  const upstreams = new Set<Socket>();
  const waiting = new Set<() => void>();
  let mode: Mode = 'forward';
  const untilForward = () =>
    mode === 'forward'
      ? Promise.resolve()
      : new Promise<void>((resolve) => waiting.add(() => resolve()));

  const server = createServer((client) => {
    track(client);
    clients.add(client);
    client.on('close', () => clients.delete(client));
    if (mode === 'half-open') {
      client.resume();
      return;
    }
    const upstream = connect(proxy.target);
    track(upstream);
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    relay(client, upstream);
  });

  function track(socket: Socket): void {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
  }

  /** Passes chunks on one after the other, so that a delayed or held one is not overtaken. */
  function inOrder(pass: (chunk: Buffer) => void): (chunk: Buffer) => void {
    let last = Promise.resolve();
    let held = 0;
    return (chunk) => {
      if (held === 0 && mode === 'forward' && proxy.delayMs === 0) {
        pass(chunk);
        return;
      }
      held += 1;
      last = last.then(async () => {
        await untilForward();
        if (proxy.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, proxy.delayMs));
        held -= 1;
        pass(chunk);
      });
    };
  }

  function relay(client: Socket, upstream: Socket): void {
    let carried = 0;
    const toServer = inOrder((chunk) => {
      if (upstream.destroyed) return;
      const room = proxy.cutAfterBytes - carried;
      carried += chunk.length;
      const verdict = chunk.length > room ? 'cut-before' : proxy.judge(chunk);
      if (verdict === 'cut-before') {
        if (room > 0 && room < chunk.length) upstream.write(chunk.subarray(0, room));
        client.destroy();
        upstream.destroy();
      } else if (verdict === 'cut-after') {
        // The server gets the bytes and answers; the client is gone by then.
        upstream.removeAllListeners('data');
        upstream.resume();
        upstream.write(chunk, () => reset(client));
        upstream.on('data', () => upstream.destroy());
      } else if (verdict === 'hold') {
        mode = 'paused';
        void untilForward().then(() => upstream.destroyed || upstream.write(chunk));
      } else {
        upstream.write(chunk);
      }
    });
    const toClient = inOrder((chunk) => {
      if (!client.destroyed) client.write(chunk);
    });
    client.on('data', toServer);
    upstream.on('data', toClient);
    client.on('close', () => upstream.end());
    upstream.on('close', () => {
      if (mode !== 'half-open') client.destroy();
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  const resume = () => {
    mode = 'forward';
    for (const release of waiting) release();
    waiting.clear();
  };
  const proxy: TcpProxy = {
    port: address.port,
    get connections() {
      return clients.size;
    },
    target,
    judge: () => 'forward',
    delayMs: 0,
    cutAfterBytes: Number.POSITIVE_INFINITY,
    pause: () => {
      mode = 'paused';
    },
    resume,
    halfOpen: () => {
      mode = 'half-open';
      for (const upstream of upstreams) upstream.destroy();
    },
    cutAll,
    resetAll: () => {
      for (const socket of open) reset(socket);
    },
    async close() {
      cutAll();
      resume();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

/**
 * By RST where it can be: one whose FIN is on its way is only closed, since Node would neither
 * reset nor close it, and then wait for it at its own exit for ever.
 */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** True for the simple-protocol message that ends a transaction. */
export function isCommit(chunk: Buffer): boolean {
  return chunk[0] === 0x51 && chunk.subarray(5, 11).toString().toLowerCase() === 'commit';
}
