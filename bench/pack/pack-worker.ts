import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reportFiles } from '../../src/commands/report-files.ts';
import { loadPaths } from '../attribution/load-files.ts';
import { sendMeasured } from '../attribution/measure.ts';

/** `keyturn report` over the files of a load. Counts bytes: of the whole pack, and of its HTML. */
const [folder = ''] = process.argv.slice(2);

await sendMeasured(async () => {
  const out = join(folder, 'pack');
  const year = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2027-01-01T00:00:00Z') };
  const now = () => new Date('2027-01-10T00:00:00Z');
  const quiet = () => undefined;
  await reportFiles(
    loadPaths(folder),
    { period: year, frameworks: ['soc2', 'iso27001'], out, controls: null },
    { directory: folder, environment: {}, now, say: quiet },
  );
  let bytes = 0;
  for (const file of await readdir(out, { recursive: true })) {
    const found = await stat(join(out, file));
    if (found.isFile()) bytes += found.size;
  }
  return { bytes, html: (await stat(join(out, 'report.html'))).size };
});
