import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { attributeFiles, type AttributedFiles } from '../audit/join/attribute-files.ts';
import { describeUnreadable } from '../audit/files/count-unreadable.ts';
import { openPolicyFile } from '../composition/policy/open-policy.ts';
import type { Run } from './command.ts';
import type { attributeRow } from './evidence-rows.ts';

/** Ties audit log rows in files to jobs in files. */
export const attribute: Run<typeof attributeRow> = async ({ values }, runtime) => {
  const { directory, print, say } = runtime;
  const at = (path: string | undefined) => (path === undefined ? null : resolve(directory, path));
  const retrievals = resolve(directory, values.retrievals);
  const result = await attributeFiles({
    retrievals,
    jobs: at(values.jobs),
    receipts: at(values.receipts),
    policy: (await openPolicyFile(at(values.policy), [])).policy,
    out: at(values.out) ?? runtime.output ?? linesTo(print),
  });
  for (const lack of result.lacks) say(lack);
  for (const one of result.unreadableReasons) say(describeUnreadable(one));
  if (!values.json) say(summaryOf(result));
  // Lines and counts are never mixed on one stream.
  else if (values.out === undefined) say(JSON.stringify(result));
  else print(JSON.stringify(result));
  return 0;
};

function summaryOf({ rows, attributed, grades, unreadable }: AttributedFiles): string {
  const counts = Object.entries(grades).map(([grade, count]) => `${String(count)} ${grade}`);
  const tied = counts.length === 0 ? '' : `: ${counts.join(', ')}`;
  return `${String(rows)} rows, ${String(unreadable)} unreadable, ${String(attributed)} disclosed a value${tied}.`;
}

/** A stream over `print`; pieces are whole lines. */
function linesTo(print: (line: string) => void): Writable {
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      for (const line of piece.toString().trimEnd().split('\n')) print(line);
      done();
    },
  });
}
