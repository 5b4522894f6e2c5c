// Ends a script that needs the project's Node with one sentence on an older one. Plain JavaScript for Node 20.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const least = engines.node.replace('>=', '');
if (Number.parseInt(process.versions.node, 10) < Number(least)) {
  process.stderr.write(`This script needs Node ${least} or newer; this is Node ${process.versions.node}.\n`);
  process.exit(2);
}
