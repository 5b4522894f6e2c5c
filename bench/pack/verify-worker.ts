import { join } from 'node:path';
import { verifyPack } from '../../src/evidence/verify/verify-pack.ts';
import { sendMeasured } from '../attribution/measure.ts';

/** `keyturn verify` of the pack that `pack-worker.ts` built. */
const [folder = ''] = process.argv.slice(2);

await sendMeasured(async () => {
  const { outcome, message, files } = await verifyPack(join(folder, 'pack'));
  if (outcome !== 'intact') throw new Error(message);
  return { files };
});
