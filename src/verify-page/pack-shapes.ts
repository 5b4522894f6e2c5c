import type { DataManifest, Manifest, PackStatement } from '../evidence/pack/pack-statement.ts';

// The same shapes as in evidence/pack/pack-statement.ts, without the library: an auditor can read the whole page. A test holds
// both to the same answers.

type Shape = (value: unknown) => boolean;

const text: Shape = (value) => typeof value === 'string';
const flag: Shape = (value) => typeof value === 'boolean';
const whole: Shape = (value) => Number.isSafeInteger(value);
const counting: Shape = (value) => whole(value) && Number(value) > 0;
const matching =
  (pattern: RegExp): Shape =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const oneOf =
  (...allowed: readonly unknown[]): Shape =>
  (value) =>
    allowed.includes(value);
const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);
const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const everyMember =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);

/** An object with these members and no others; a name that ends with `?` may be missing. */
function exactly(members: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(members).map(
    ([name, shape]) => [name.replace('?', ''), name.endsWith('?'), shape] as const,
  );
  const names = new Set(shapes.map(([name]) => name));
  return (value) =>
    isObject(value) &&
    Object.keys(value).every((name) => names.has(name)) &&
    shapes.every(([name, mayBeMissing, shape]) => (Object.hasOwn(value, name) ? shape(value[name]) : mayBeMissing));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const digest = matching(/^[0-9a-f]{64}$/);
const format = oneOf(1);
const status = oneOf('final', 'provisional');
const period = exactly({ from: text, to: text });
const frameworks = listOf(oneOf('soc2', 'iso27001'));
const link = exactly({ pack: text, statementSha256: digest });
const file = { path: text, mediaType: text, bytes: whole, sha256: digest };

const envelope = exactly({
  payload: text,
  payloadType: text,
  signatures: (value) =>
    listOf(exactly({ keyid: text, sig: text }))(value) && Array.isArray(value) && value.length === 1,
});
const statement = exactly({
  _type: oneOf('https://in-toto.io/Statement/v1'),
  subject: listOf(exactly({ name: text, digest: exactly({ sha256: digest }) })),
  predicateType: oneOf('urn:keyturn:evidence-pack:1'),
  predicate: exactly({
    format,
    pack: text,
    organisation: text,
    period,
    frameworks,
    status,
    statusReasons: listOf(text),
    synthetic: flag,
    createdAt: text,
    software: text,
    dataManifestSha256: digest,
    reads: exactly({ total: whole, grades: everyMember(whole) }),
    findings: whole,
    previous: orNull(link),
    'amends?': link,
  }),
});
const manifest = exactly({ format, pack: text, synthetic: flag, status, files: listOf(exactly(file)) });
const dataManifest = exactly({
  format,
  pack: text,
  organisation: text,
  period,
  frameworks,
  createdAt: text,
  synthetic: flag,
  status,
  files: listOf(
    exactly({
      ...file,
      description: text,
      rows: orNull(whole),
      rowsPerDigest: counting,
      rowDigests: listOf(matching(/^[0-9a-f]{16}$/)),
    }),
  ),
});

interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly [{ readonly keyid: string; readonly sig: string }];
}

export function isEnvelope(value: unknown): value is Envelope {
  return envelope(value);
}

export function isStatement(value: unknown): value is PackStatement {
  return statement(value);
}

export function isManifest(value: unknown): value is Manifest {
  return manifest(value);
}

export function isDataManifest(value: unknown): value is DataManifest {
  return dataManifest(value);
}
