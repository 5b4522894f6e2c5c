import { resolve } from 'node:path';
import { composeKeyturn } from '../compose.ts';
import { reportPeriod } from '../composition/report-period.ts';
import { parsePeriod } from '../evidence/period/parse-period.ts';
import type { Framework } from '../evidence/report/report-model.ts';
import { ServiceError } from '../service-error.ts';
import type { Command } from './command.ts';
import { readWords, required } from './read-words.ts';
import { copyFromArchive, printArchive } from './report-archive.ts';
import { reportFiles } from './report-files.ts';

const help = `
keyturn report --period 2026-Q3|FROM..TO [--framework soc2|iso27001|both] --out DIR [--json]
keyturn report --period … --retrievals FILE|DIR [--jobs FILE] [--receipts FILE] [--policy FILE] --out DIR
keyturn report --list [--json]
keyturn report --pack ID --out DIR [--json]

Writes a sealed pack of one period into a new folder: the report as HTML and PDF, its data, and the seal.
It reports what was collected; with --retrievals it reports audit records from files instead, without any network.

--list shows the packs that the archive holds, oldest first; --pack copies one of them into a new folder, unchanged, with
the seal that it has.

Exit codes: 0 done, 2 wrong use or no such pack, 3 could not reach, read or write.

Example: keyturn report --period 2026-Q3 --out ./2026-Q3
Example: keyturn report --pack 2026-Q3.soc2-iso27001.20261003T023000Z --out ./2026-Q3
`;

const frameworks: ReadonlyMap<string, readonly Framework[]> = new Map([
  ['soc2', ['soc2']],
  ['iso27001', ['iso27001']],
  ['both', ['soc2', 'iso27001']],
]);

/** Evidence on demand. */
export const report: Command = {
  name: 'report',
  summary: 'writes a sealed evidence pack of one period',
  help,
  async run(words, surroundings) {
    const { values } = readWords('report', words, {
      period: { type: 'string' },
      framework: { type: 'string' },
      out: { type: 'string' },
      retrievals: { type: 'string' },
      jobs: { type: 'string' },
      receipts: { type: 'string' },
      policy: { type: 'string' },
      list: { type: 'boolean', default: false },
      pack: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    if (values.list) {
      refuseBeside('--list', values, ['list', 'json']);
      return await printArchive(values.json, surroundings);
    }
    if (values.pack !== undefined) {
      refuseBeside('--pack', values, ['pack', 'out', 'json', 'list']);
      const pack = required('report', '--pack', values.pack);
      return await copyFromArchive({ pack, out: required('report', '--out', values.out) }, values.json, surroundings);
    }
    const wanted = frameworks.get(values.framework ?? 'both');
    if (wanted === undefined) {
      throw new ServiceError('USAGE_WRONG', { command: 'report', reason: '--framework takes soc2, iso27001 or both' });
    }
    const period = parsePeriod(required('report', '--period', values.period));
    const out = resolve(surroundings.directory, required('report', '--out', values.out));
    const order = { period, frameworks: wanted, out };
    surroundings.progress('Reading what was collected …');
    const { retrievals, jobs = null, receipts = null, policy = null } = values;
    const pack =
      retrievals === undefined
        ? await reportPeriod(await composeKeyturn(surroundings.environment), order)
        : await reportFiles({ retrievals, jobs, receipts, policy }, order, surroundings);
    if (values.json) {
      surroundings.print(JSON.stringify({ pack, directory: out }));
    } else {
      surroundings.print(
        `${pack.label}: ${String(pack.reads.total)} reads, ${String(pack.findings)} findings, ${pack.status}.`,
      );
      surroundings.print(`The pack is in ${out}. Check it with: keyturn verify ${out} --trust ${pack.fingerprint}`);
    }
    return 0;
  },
};

/** A pack that was made takes no order for another one. @throws ServiceError `USAGE_WRONG`. */
function refuseBeside(what: string, values: Readonly<Record<string, unknown>>, allowed: readonly string[]): void {
  const beside = Object.keys(values).find((name) => values[name] !== undefined && !allowed.includes(name));
  if (beside === undefined) return;
  throw new ServiceError('USAGE_WRONG', { command: 'report', reason: `${what} and --${beside} exclude each other` });
}
