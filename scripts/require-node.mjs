// Ends a script that runs the sources as they are with one sentence on an older Node. Plain JavaScript for Node 20.
import { readFileSync } from 'node:fs';

const { devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const least = Number.parseInt(devDependencies.node, 10);
if (Number.parseInt(process.versions.node, 10) < least) {
  process.stderr.write(`This script needs Node ${least} or newer; this is Node ${process.versions.node}.\n`);
  process.exit(2);
}
