import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attributeFiles } from '../../src/audit/join/attribute-files.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { loadPaths } from './load-files.ts';
import { sendMeasured } from './measure.ts';

/** `keyturn attribute` over the files of a load. */
const [folder = ''] = process.argv.slice(2);

await sendMeasured(async () => {
  const { policy: policyFile, ...files } = loadPaths(folder);
  const policy = parsePolicy(await readFile(policyFile, 'utf8'), policyFile, []);
  const { grades } = await attributeFiles({ ...files, policy, out: join(folder, 'keyturn.ndjson') });
  return grades;
});
