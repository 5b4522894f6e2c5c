import { resolve } from 'node:path';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { composeKeyturn } from '../compose.ts';
import { reportPeriod } from '../composition/report-period.ts';
import { parsePeriod } from '../evidence/period/parse-period.ts';
import type { Framework } from '../evidence/report/report-model.ts';
import { counted } from '../evidence/report/wording.ts';
import { ServiceError } from '../service-error.ts';
import type { Run } from './command.ts';
import type { reportRow } from './evidence-rows.ts';
import { required } from './required.ts';
import { copyFromArchive, printArchive } from './report-archive.ts';
import { reportFiles } from './report-files.ts';

/** Writes evidence on demand. */
export const report: Run<typeof reportRow> = async ({ values }, runtime) => {
  if (values.list) {
    refuseBeside('--list', values, ['list', 'json']);
    return await printArchive(values.json, runtime);
  }
  if (values.pack !== undefined) {
    refuseBeside('--pack', values, ['pack', 'out', 'json', 'list']);
    const pack = required('report', '--pack', values.pack);
    return await copyFromArchive({ pack, out: required('report', '--out', values.out) }, values.json, runtime);
  }
  const frameworks = frameworksOf(values.framework);
  const period = begunPeriod(required('report', '--period', values.period), runtime.now());
  const out = resolve(runtime.directory, required('report', '--out', values.out));
  runtime.progress('Reading what was collected …');
  const { retrievals, jobs = null, receipts = null, policy = null } = values;
  const named = values.controls ?? null;
  const controls = named === null ? null : resolve(runtime.directory, named);
  const order = { period, frameworks, out, controls };
  const pack =
    retrievals === undefined
      ? await reportPeriod(await composeKeyturn(runtime.environment), order)
      : await reportFiles({ retrievals, jobs, receipts, policy }, order, runtime);
  if (values.json) {
    runtime.print(JSON.stringify({ pack, directory: out }));
  } else {
    runtime.print(
      `${pack.label}: ${counted(pack.reads.total, 'read')}, ${counted(pack.findings, 'finding')}, ${pack.status}.`,
    );
    runtime.print(`The pack is in ${out}. Check it with: keyturn verify ${out} --trust ${pack.fingerprint}`);
  }
  return 0;
};

/** @throws ServiceError `PERIOD_MALFORMED`, `PERIOD_NOT_BEGUN`. */
function begunPeriod(text: string, now: Date): ReportingPeriod {
  const period = parsePeriod(text);
  if (period.from < now) return period;
  throw new ServiceError('PERIOD_NOT_BEGUN', { period: text.slice(0, 60), from: period.from.toISOString() });
}

function frameworksOf(name = 'both'): readonly Framework[] {
  return name === 'soc2' || name === 'iso27001' ? [name] : ['soc2', 'iso27001'];
}

/** Refuses options that order another report. @throws ServiceError `USAGE_WRONG`. */
function refuseBeside(what: string, values: Readonly<Record<string, unknown>>, allowed: readonly string[]): void {
  const beside = Object.keys(values).find((name) => Boolean(values[name]) && !allowed.includes(name));
  if (beside === undefined) return;
  throw new ServiceError('USAGE_WRONG', { command: 'report', reason: `${what} and --${beside} exclude each other` });
}
