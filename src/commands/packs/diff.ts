import { resolve } from 'node:path';
import { comparePacks, differs, type PackComparison } from '../../evidence/compare-packs.ts';
import { openIntactPack } from '../../evidence/verify/open-intact-pack.ts';
import type { Run, Runtime } from '../command.ts';
import type { diffRow } from '../evidence-rows.ts';
import { required } from '../required.ts';

/** Tells what changed from one pack to another. */
export const diff: Run<typeof diffRow> = async ({ values, positionals }, { directory, print, progress, signal }) => {
  const [a, b] = [required('diff', 'A', positionals[0]), required('diff', 'B', positionals[1])];
  progress('Verifying both packs …');
  const before = await openIntactPack(resolve(directory, a), signal);
  const after = await openIntactPack(resolve(directory, b), signal);
  const comparison = await comparePacks(before.place, after.place);
  if (values.json) {
    const packs = { before: before.verification.pack, after: after.verification.pack };
    print(JSON.stringify({ ...packs, isDifferent: differs(comparison), ...comparison }));
  } else {
    print(`From ${before.verification.pack ?? a} to ${after.verification.pack ?? b}:`);
    printComparison(comparison, print);
  }
  return differs(comparison) ? 1 : 0;
};

function printComparison({ findings, counts, controls }: PackComparison, print: Runtime['print']): void {
  for (const [state, list] of Object.entries(findings)) {
    print(`${String(list.length)} ${state} ${list.length === 1 ? 'finding' : 'findings'}`);
    for (const { id, severity, description } of list) print(`  ${id}  ${severity}  ${description}`);
  }
  if (counts.length > 0) print('Counts:');
  for (const { what, before, after } of counts) print(`  ${what}: ${String(before)} → ${String(after)}`);
  if (controls.length > 0) print('Controls:');
  for (const { control, before, after } of controls)
    print(`  ${control}: ${before ?? 'not in the report'} → ${after ?? 'not in the report'}`);
  if (differs({ findings, counts, controls })) return;
  print('No difference.');
}
