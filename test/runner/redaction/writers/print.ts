import { inspect } from 'node:util';
import { stringify } from 'node:querystring';

/** Prints `V` in the forms of Node. */
const v = process.env['V'] ?? '';
const url = (change: (address: URL) => void) => {
  const address = new URL('https://h/');
  change(address);
  return address.href;
};
const forms: Readonly<Record<string, string | Buffer>> = {
  'console.log': v,
  'JSON.stringify': JSON.stringify({ v }),
  'util.inspect': inspect({ v }),
  'inspect of a Buffer': inspect(Buffer.from(v)),
  'Buffer as JSON': JSON.stringify(Buffer.from(v)),
  Error: inspect(new Error(v)).split('\n    at ')[0] ?? '',
  Map: inspect(new Map([['v', v]])),
  encodeURIComponent: encodeURIComponent(v),
  encodeURI: encodeURI(v),
  // oxlint-disable-next-line typescript/no-deprecated -- old programs still call it
  escape: escape(v),
  URLSearchParams: String(new URLSearchParams({ v })),
  querystring: stringify({ v }),
  'URL password': url((a) => {
    a.username = 'u';
    a.password = v;
  }),
  'URL query': url((a) => {
    a.searchParams.set('v', v);
  }),
  base64: Buffer.from(v).toString('base64'),
  base64url: Buffer.from(v).toString('base64url'),
  hex: Buffer.from(v).toString('hex'),
  utf16le: Buffer.from(v, 'utf16le'),
};
for (const [name, text] of Object.entries(forms)) {
  process.stdout.write(`\x1e${name}\x1f`);
  process.stdout.write(text);
}
