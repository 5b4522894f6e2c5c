// `npm run package`: builds dist/keyturn-functions.zip, which runs on Functions as it is. It installs the production packages
// for Linux on x64 into a folder of its own, so that any machine makes the same package. A keyturn.policy.yml in the folder that
// this is called in, or the file after --policy, goes into it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { environment, prepare, root, run } from './prepare.mjs';

const { values } = parseArgs({ options: { policy: { type: 'string' }, out: { type: 'string' } } });
const named = values.policy === undefined ? null : resolve(values.policy);
if (named !== null && !existsSync(named)) {
  console.error(`There is no policy ${named}. Correct --policy.`);
  process.exit(2);
}
const usual = resolve(process.env['INIT_CWD'] ?? '.', 'keyturn.policy.yml');
const policy = named ?? (existsSync(usual) ? usual : null);
const out = resolve(values.out ?? join(root, 'dist', 'keyturn-functions.zip'));

process.chdir(root);
await prepare();
run('node', ['scripts/build.mjs'], { quiet: true });
const { packageFiles, zipPackage } = await import('./functions-package.ts');
const installed = mkdtempSync(join(tmpdir(), 'keyturn-functions-'));
try {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(root, file), join(installed, file));
  const words = [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--os=linux',
    '--cpu=x64',
    '--libc=glibc',
  ];
  const { status, stderr } = spawnSync('npm', words, { cwd: installed, env: environment(), encoding: 'utf8' });
  if (status !== 0) {
    console.error(`npm could not install the packages for Linux on x64.\n${stderr}`);
    process.exit(3);
  }
  const files = packageFiles(root, { installed, policy });
  const zip = zipPackage(root, files);
  writeFileSync(out, zip);
  const size = `${(zip.length / 1_000_000).toFixed(0)} MB`;
  console.log(
    `${out}: ${files.size} files, ${size}, ${policy === null ? 'without a policy: it will observe' : `with ${policy}`}.`,
  );
} finally {
  rmSync(installed, { recursive: true, force: true });
}
