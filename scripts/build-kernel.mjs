// Makes the kernels: assembles each .wat and writes its bytes as a source file, so that nothing needs an assembler to run or
// to be bundled. The same source gives the same text.
// Usage: node scripts/build-kernel.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const kernels = [
  { path: 'src/runner/redaction/search/scan-kernel', constant: 'scanKernelBytes' },
  { path: 'src/audit/parsing/line-kernel', constant: 'lineKernelBytes' },
];

const { parseWat } = await wabt();
for (const { path, constant } of kernels) {
  const name = basename(path);
  const stem = fileURLToPath(new URL(`../${path}`, import.meta.url));
  const parsed = parseWat(`${name}.wat`, readFileSync(`${stem}.wat`, 'utf8'), { simd: true });
  parsed.resolveNames();
  parsed.validate();
  const bytes = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  const text = `/**
 * \`${name}.wat\` as a machine reads it, in base64. Written by \`node scripts/build-kernel.mjs\`; a test compares them.
 */
export const ${constant} =
  '${bytes}';
`;
  const written = `${stem}-bytes.ts`;
  if (!process.argv.includes('--check')) writeFileSync(written, text);
  else if (readFileSync(written, 'utf8') !== text) {
    console.error(`${name}-bytes.ts is not what ${name}.wat says: run \`node scripts/build-kernel.mjs\`.`);
    process.exitCode = 1;
  }
}
