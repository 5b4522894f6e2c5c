/**
 * The yardstick of `bench-fetch.ts`: what one would write first. Decodes each chunk and replaces each value by itself; it
 * misses what chunks part, every encoding, and breaks bytes that are no UTF-8.
 */
const values = JSON.parse(process.env['BENCH_VALUES'] ?? '[]') as readonly string[];
for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  let text = chunk.toString('utf8');
  for (const value of values) text = text.replaceAll(value, '***');
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}
