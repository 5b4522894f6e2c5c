import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { attributeFiles, type AttributedFiles } from '../audit/files/attribute-files.ts';
import { openPolicyFile } from '../composition/open-policy.ts';
import type { Command } from './command.ts';
import { readWords, required } from './read-words.ts';

const help = `
keyturn attribute --retrievals FILE|DIR [--jobs FILE] [--receipts FILE] [--policy FILE] [--out FILE] [--json]

Ties reads in Key Vault's audit log to Gitea jobs, from files alone, without any network. Writes one line of JSON for
each row that disclosed a value: id, grade, job or candidates, reason, evidence.

  --retrievals FILE|DIR  rows of AZKVAuditLogs, AzureDiagnostics or the storage archive, one a line, also as {"record": …}
  --jobs FILE            jobs, one a line, as docs/formats.md has them
  --receipts FILE        receipts, one a line: as found in job logs, or posted ones as {"postedAt", "receipt"}
  --policy FILE          keyturn.policy.yml: without its identities no read can be better than claimed
  --out FILE             writes the lines there instead of to standard output
  --json                 prints the counts as one line of JSON, last (with --out) or on stderr

What is lacking, and rows that could not be read, are told on stderr. No row is left out in silence.

Example: keyturn attribute --retrievals ./rows --jobs jobs.ndjson --receipts receipts.ndjson --out attributed.ndjson
`;

/** The join, for whoever has the files. */
export const attribute: Command = {
  name: 'attribute',
  summary: 'ties audit log rows in files to jobs in files',
  help,
  async run(words, surroundings) {
    const { values } = readWords('attribute', words, {
      retrievals: { type: 'string' },
      jobs: { type: 'string' },
      receipts: { type: 'string' },
      policy: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const { directory, print, say } = surroundings;
    const at = (path: string | undefined) => (path === undefined ? null : resolve(directory, path));
    const retrievals = resolve(directory, required('attribute', '--retrievals', values.retrievals));
    const result = await attributeFiles({
      retrievals,
      jobs: at(values.jobs),
      receipts: at(values.receipts),
      policy: await openPolicyFile(at(values.policy), []),
      out: at(values.out) ?? surroundings.output ?? linesTo(print),
    });
    for (const lack of result.lacks) say(lack);
    for (const { place, reason } of result.unreadableRows) say(`${place}: ${reason}`);
    if (!values.json) say(summaryOf(result));
    // Lines and counts are never mixed on one stream.
    else if (values.out === undefined) say(JSON.stringify(result));
    else print(JSON.stringify(result));
    return 0;
  },
};

function summaryOf({ rows, attributed, grades, unreadable }: AttributedFiles): string {
  const counts = Object.entries(grades).map(([grade, count]) => `${String(count)} ${grade}`);
  const tied = counts.length === 0 ? '' : `: ${counts.join(', ')}`;
  return `${String(rows)} rows, ${String(unreadable)} unreadable, ${String(attributed)} disclosed a value${tied}.`;
}

/** A stream over `print`; pieces are whole lines. */
function linesTo(print: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      for (const line of piece.trimEnd().split('\n')) print(line);
      done();
    },
  });
}
