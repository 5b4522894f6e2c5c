// `node bench/portal/bench-slow-clients.ts`: how much longer sixteen busy clients wait beside two hundred slow ones.
import { askBusily, closeAll, openSlowClients, start } from '../../test/server/slow-clients.ts';

const rounds = 3;
const each = 100;

const server = await start();
await askBusily(server, each);
for (let round = 1; round <= rounds; round += 1) {
  const alone = p95(await askBusily(server, each));
  const slow = await openSlowClients(server, 200);
  const beside = p95(await askBusily(server, each));
  for (const socket of slow) socket.destroy();
  console.log(
    `round ${String(round)}: 95th percentile ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside slow clients, ratio ${(beside / alone).toFixed(2)}`,
  );
}
await closeAll();

function p95(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length * 0.95)] ?? Number.POSITIVE_INFINITY;
}
