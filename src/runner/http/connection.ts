import type { OnReadOpts, Socket } from 'node:net';

/** One exchange, as its connection sees it. */
export interface Exchange {
  readonly request: string;
  /**
   * Takes bytes, which are only good until it returns. Returns `null` while the answer goes on, and at its end for how many
   * milliseconds the connection may wait for another exchange; 0: not at all.
   */
  read(bytes: Buffer): number | null;
  /** The connection has ended before the answer did. `error`: the socket's, `null` if the server ended it. */
  lost(error: Error | null): void;
}

/** Opens a socket that hands its bytes to `onread`. */
export type Connect = (onread: OnReadOpts) => Socket;

/** One connection, which serves exchanges one after another. */
export interface Connection {
  /** Whether an exchange may use it. */
  isFree(): boolean;
  use(exchange: Exchange): void;
  /** Ends it if it serves this exchange, which hears no more of it. */
  giveUp(exchange: Exchange): void;
}

const readBytes = 65_536;

/** Opens a connection. `freed`: called when it may be used again; `ended`: called once when it is gone. */
export function openConnectionTo(connect: Connect, freed: () => void, ended: () => void): Connection {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  let exchange: Exchange | null = null;
  let failure: Error | null = null;
  const socket = connect({
    buffer,
    callback(length) {
      take(buffer.subarray(0, length));
      return true;
    },
  });
  socket.on('error', (error) => (failure = error));
  socket.on('timeout', () => socket.destroy());
  socket.on('close', () => {
    const lost = exchange;
    exchange = null;
    lost?.lost(failure);
    ended();
  });
  return {
    isFree: () => exchange === null && !socket.destroyed,
    use(next) {
      exchange = next;
      socket.setTimeout(0);
      socket.ref();
      socket.write(next.request);
    },
    giveUp(given) {
      if (exchange !== given) return;
      exchange = null;
      socket.destroy();
    },
  };

  function take(bytes: Buffer): void {
    // What no exchange asked for is of no exchange.
    const idleMs = exchange === null ? 0 : exchange.read(bytes);
    if (idleMs === null) return;
    exchange = null;
    if (idleMs === 0) {
      socket.destroy();
      return;
    }
    // It must not keep this process running.
    socket.unref();
    socket.setTimeout(idleMs);
    freed();
  }
}
