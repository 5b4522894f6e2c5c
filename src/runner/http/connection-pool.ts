import { type Connect, type Connection, type Exchange, openConnectionTo } from './connection.ts';

/** The connections to one server. */
export interface ConnectionPool {
  /** Opens a connection for the next exchange. If that fails, the exchange opens its own. */
  open(): void;
  /** Sends a request as soon as there is a connection for it. Returns what gives it up. */
  send(exchange: Exchange): () => void;
}

/** So that forty secrets of one vault share connections. */
const mostConnections = 8;

export function connectionPool(connect: Connect): ConnectionPool {
  const connections = new Set<Connection>();
  const waiting: Exchange[] = [];
  return {
    open: () => void opened(),
    send(exchange) {
      waiting.push(exchange);
      serve();
      return () => {
        const at = waiting.indexOf(exchange);
        if (at >= 0) waiting.splice(at, 1);
        for (const connection of connections) connection.giveUp(exchange);
      };
    },
  };

  function serve(): void {
    while (waiting.length > 0) {
      const free = [...connections].find((one) => one.isFree());
      const connection = free ?? (connections.size < mostConnections ? opened() : null);
      if (connection === null) return;
      const exchange = waiting.shift();
      if (exchange !== undefined) connection.use(exchange);
    }
  }

  function opened(): Connection {
    const connection = openConnectionTo(connect, serve, () => {
      connections.delete(connection);
      serve();
    });
    connections.add(connection);
    return connection;
  }
}
