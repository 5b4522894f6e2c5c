// `npm pack` and `npm publish` run this first: builds what the package carries, and lists what it brings along.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { environment, prepare, root, run } from './prepare.mjs';

process.chdir(root);
await prepare();
run('node', ['scripts/build.mjs'], { quiet: true });
const { settleBillOfMaterials } = await import('./settle-bill-of-materials.ts');
const words = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
const listed = execFileSync('npm', words, { encoding: 'utf8', env: environment(), maxBuffer: 64 * 1024 * 1024 });
writeFileSync(
  'dist/sbom.cdx.json',
  settleBillOfMaterials(listed, JSON.parse(readFileSync('package-lock.json', 'utf8'))),
);
