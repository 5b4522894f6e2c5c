// Makes the search's kernel: assembles scan-kernel.wat and writes its bytes as a source file, so that nothing needs an
// assembler to run or to be bundled. The same source gives the same text.
// Usage: node scripts/build-kernel.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const source = fileURLToPath(new URL('../src/runner/redaction/search/scan-kernel.wat', import.meta.url));
const written = fileURLToPath(new URL('../src/runner/redaction/search/scan-kernel-bytes.ts', import.meta.url));

const { parseWat } = await wabt();
const parsed = parseWat('scan-kernel.wat', readFileSync(source, 'utf8'), { simd: true });
parsed.resolveNames();
parsed.validate();
const bytes = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
const text = `/**
 * \`scan-kernel.wat\` as a machine reads it, in base64. Written by \`node scripts/build-kernel.mjs\`; a test compares them.
 */
export const scanKernelBytes =
  '${bytes}';
`;

if (!process.argv.includes('--check')) writeFileSync(written, text);
else if (readFileSync(written, 'utf8') !== text) {
  console.error('scan-kernel-bytes.ts is not what scan-kernel.wat says: run `node scripts/build-kernel.mjs`.');
  process.exit(1);
}
