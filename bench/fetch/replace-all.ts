/**
 * The baseline of `bench-fetch.ts`: the naive implementation. It decodes each chunk and replaces each value; it misses
 * values that cross chunks and all encodings, and breaks bytes that are not UTF-8.
 */
const values = JSON.parse(process.env['BENCH_VALUES'] ?? '[]') as readonly string[];
for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  let text = chunk.toString('utf8');
  for (const value of values) text = text.replaceAll(value, '***');
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}
