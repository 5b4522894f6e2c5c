import { randomBytes } from 'node:crypto';

/** Secrets and a text that the helper redacts, and the least share of a plain pipe's speed that it may have. */
export interface RedactionCase {
  readonly name: string;
  readonly secrets: readonly string[];
  /** Repeated until there is enough of it. */
  readonly text: string;
  readonly megabytes: number;
  /** `share`: of a plain pipe; `speed`: in MB/s, for texts made to be slow. */
  readonly least: { readonly share: number } | { readonly speed: number };
}

const random = (characters: number) => randomBytes(characters).toString('base64').slice(0, characters);

/** Random base64 in lines of 64 characters. */
export function bundleOfLines(characters: number): string {
  return (random(characters).match(/.{1,64}/g) ?? []).join('\n');
}

/** A private key in PEM of this many characters. */
export function pemOf(characters: number): string {
  return `-----BEGIN PRIVATE KEY-----\n${bundleOfLines(characters)}\n-----END PRIVATE KEY-----\n`;
}

const passwords = Array.from({ length: 40 }, () => random(24));
const long = random(2_000);
const again = random(7);
const plain = 'The quick brown fox jumps over the lazy dog 0123456789 and writes a line of benign output.\n';
const coloured =
  '\u001b[32m✓\u001b[39m test/runner/\u001b[1mredaction.test.ts\u001b[22m \u001b[2m(15 tests)\u001b[22m\u001b[33m 2491\u001b[2mms\u001b[22m\u001b[39m\n';
const json =
  '{"level":"info","msg":"request \\"GET /api/v1/orders?id=17\\" took 12ms\\n","path":"C:\\\\temp\\\\x","trace":"{\\"a\\":\\"b\\"}"}\n';
const percent =
  'GET /search?q=the%20quick%20brown%20fox%20jumps%2Fover%3Dthe&redirect=https%3A%2F%2Fexample.net%2Fcallback%3Fa%3Db HTTP/1.1\n';

export const redactionCases: readonly RedactionCase[] = [
  { name: '40 secrets, plain text', secrets: passwords, text: plain, megabytes: 512, least: { share: 0.8 } },
  {
    name: '40 PEM keys of 4 KB, plain text',
    secrets: Array.from({ length: 40 }, () => pemOf(4_000)),
    text: plain,
    megabytes: 256,
    least: { share: 0.5 },
  },
  {
    name: '40 secrets and parts of 4 to 7 characters, plain text',
    secrets: [...passwords.slice(10), ...Array.from({ length: 10 }, (_, index) => random(4 + (index % 4)))],
    text: plain,
    megabytes: 256,
    least: { share: 0.3 },
  },
  { name: '40 secrets, coloured text', secrets: passwords, text: coloured, megabytes: 256, least: { share: 0.3 } },
  { name: '40 secrets, JSON-escaped text', secrets: passwords, text: json, megabytes: 256, least: { share: 0.3 } },
  {
    name: '40 secrets, percent-encoded text',
    secrets: passwords,
    text: percent,
    megabytes: 256,
    least: { share: 0.3 },
  },
  {
    name: '25 KB of one letter over it',
    secrets: ['A'.repeat(25_000)],
    text: 'A',
    megabytes: 32,
    least: { speed: 20 },
  },
  { name: '20 × a over aaaa…', secrets: ['a'.repeat(20)], text: 'a', megabytes: 32, least: { speed: 20 } },
  {
    name: 'seven characters again and again',
    secrets: [again.repeat(3_000)],
    text: again,
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'a secret less its last character',
    secrets: [passwords[0] ?? ''],
    text: (passwords[0] ?? '').slice(0, -1),
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'nothing but ampersands, and a secret of ten of them and a letter',
    secrets: [...passwords, '&&&&&&&&&&b'],
    text: '&',
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'nothing but equals signs, and a secret that begins with eight of them',
    secrets: [...passwords, '========b'],
    text: '=',
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'nothing but percent signs, and a secret that begins with six of them',
    secrets: [...passwords, '%%%%%%b'],
    text: '%',
    megabytes: 16,
    least: { speed: 20 },
  },
  {
    name: 'nothing but backslashes, and a secret that begins with six of them',
    secrets: [...passwords, '\\\\\\\\\\\\b'],
    text: '\\',
    megabytes: 4,
    least: { speed: 20 },
  },
  { name: 'nothing but backslashes', secrets: passwords, text: '\\', megabytes: 32, least: { speed: 20 } },
  {
    name: 'nothing but backslashes at the ends of lines',
    secrets: passwords,
    text: '\\\n',
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'a secret of 2 KB less its last character, in \\uXXXX',
    secrets: [long],
    text: long.slice(0, -1).replace(/./g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    megabytes: 32,
    least: { speed: 20 },
  },
  {
    name: 'nothing but base64',
    secrets: passwords,
    text: `${random(76)}\n${random(76)}\n${random(76)}\n`,
    megabytes: 32,
    least: { speed: 20 },
  },
];
