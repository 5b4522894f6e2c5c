import { composeKeyturn } from '../../src/compose.ts';
import { startServer } from '../../src/server.ts';

/**
 * One broker, composed from its settings like `keyturn serve --role broker`, in a process of its own. It tells its parent where it
 * listens, and what memory it has resident each time it is asked.
 */
const { keyturn } = await composeKeyturn(process.env);
const server = await startServer(keyturn, { host: '127.0.0.1', port: 0, scheduled: false });
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ residentBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => void server.stop().then(() => process.exit(0)));
process.send?.({ url: server.url });
