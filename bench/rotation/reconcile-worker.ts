import { composeKeyturn } from '../../src/compose.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import type { VersionReadersPort } from '../../src/rotation/ports/version-readers.ts';
import { type PassRequest, measure } from './worker-messages.ts';

/**
 * A separate service, composed from its environment as usual: real Key Vault store, real records in a folder, real
 * reconciler. Each message triggers one pass. Only the audit is replaced: it answers at once that nobody reads and that
 * the log is complete.
 */
let aheadMs = 0;
const now = () => new Date(Date.now() + aheadMs);
const quiet: VersionReadersPort = {
  readersOf: () => Promise.resolve({ watermark: now(), gaps: [], reads: [], running: [] }),
};

const { rotation } = await composeKeyturn(process.env, { now });
const tools = { ...rotation, readers: quiet };

process.on('message', (request: PassRequest) => {
  aheadMs = request.aheadMs;
  void measure(() => reconcileRotations(tools)).then((measured) => process.send?.(measured));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
