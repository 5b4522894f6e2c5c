// One self-hosted server of the soak, as a process of its own: Keyturn as `keyturn serve` composes and hosts it, but by a
// clock that runs faster than the machine's, with the same schedule on that clock. Started by run-soak.ts.
import { createClock } from '../../embedded/clock.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { startServer } from '../../src/server.ts';
import { compressedSchedule } from './compressed-schedule.ts';
import { type FromServer, monotonicMs, type ToServer } from './messages.ts';

const [at = '', startedAt = '', pace = ''] = process.argv.slice(2);
const speed = Number(pace);
const clock = createClock(new Date(Number(at) + (monotonicMs() - Number(startedAt)) * speed), speed);

function tell(message: FromServer): void {
  process.send?.(message);
}

process.on('message', (message: ToServer) => {
  if (message.kind === 'clock') {
    clock.set(new Date(message.at + (monotonicMs() - message.monotonicMs) * speed));
    return;
  }
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  tell({ kind: 'measured', heap: heapUsed, resident: rss });
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());

const now = () => clock.now();
const { keyturn, settings } = await composeKeyturn(process.env, {
  now,
  logTo: { write: (line) => console.log(line), isTerminal: false },
});
const server = await startServer(keyturn, { ...settings.listen, scheduled: false });
tell({ kind: 'listening' });
// As `serve` does: what happened while no process ran is collected at once.
void server.run('collect jobs').then(async () => await server.run('collect retrievals'));
const ahead = compressedSchedule(now());
setInterval(() => {
  for (const work of ahead.due(now())) void server.run(work);
}, 50);
