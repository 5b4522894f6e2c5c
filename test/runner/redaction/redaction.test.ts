import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideSecret, searchFor } from '../../../src/runner/redaction/hidden-secret.ts';
import { type Redaction, startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { type SecretSearch, secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';

const searches = new Map<string, SecretSearch>();

async function redactorOf(...values: string[]): Promise<Redaction> {
  const key = values.join('\0');
  const search = searches.get(key) ?? searchFor(await Promise.all(values.map((value) => hideSecret('name', value))));
  searches.set(key, search);
  return startRedaction(search);
}

/** What a stream becomes when it comes in these chunks. */
async function redact(chunks: readonly Buffer[], ...secrets: string[]): Promise<Buffer> {
  const redaction = await redactorOf(...secrets);
  const parts = chunks.map((chunk) => Buffer.from(redaction.push(chunk)));
  return Buffer.concat([...parts, Buffer.from(redaction.end())]);
}

/** The plain way to say what redaction means: every place that any pattern covers becomes part of a mask. */
function plainly(text: Buffer, patterns: readonly Buffer[]): Buffer {
  const spans: { from: number; to: number }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const here = patterns.filter((pattern) => text.subarray(at, at + pattern.length).equals(pattern));
    const length = Math.max(0, ...here.map((pattern) => pattern.length));
    const open = spans.at(-1);
    if (length === 0) continue;
    if (open !== undefined && at < open.to) open.to = Math.max(open.to, at + length);
    else spans.push({ from: at, to: at + length });
  }
  const parts: Buffer[] = [];
  let done = 0;
  for (const { from, to } of spans) {
    parts.push(text.subarray(done, from), Buffer.from('***'));
    done = to;
  }
  return Buffer.concat([...parts, text.subarray(done)]);
}

function cut(bytes: Buffer, ...at: number[]): Buffer[] {
  const places = [0, ...at.toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to));
}

const encodings: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  json: (secret) => JSON.stringify({ password: secret }),
  'json with html escaped': (secret) =>
    JSON.stringify(secret).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  'url component': (secret) => `?p=${encodeURIComponent(secret)}&x=1`,
  'url query': (secret) => `?${new URLSearchParams({ p: secret }).toString()}`,
  'base64 after 0 bytes': (secret) => Buffer.from(secret).toString('base64'),
  'base64 after 1 byte': (secret) => Buffer.from(`:${secret}:x`).toString('base64'),
  'base64 after 2 bytes': (secret) => Buffer.from(`u:${secret}`).toString('base64'),
  base64url: (secret) => Buffer.from(`abc${secret}`).toString('base64url'),
  'wrapped base64': (secret) =>
    (
      Buffer.from(secret)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  'wrapped base64 of 64': (secret) =>
    (
      Buffer.from(secret)
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\r\n'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'upper-case hex': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'shell single quotes': (secret) => `'${secret.replaceAll("'", "'\\''")}'`,
  'shell double quotes': (secret) => `"${secret.replace(/[\\"$`]/g, '\\$&')}"`,
  xml: (secret) => `<p>${secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</p>`,
  crlf: (secret) => secret.replaceAll('\n', '\r\n'),
  'Basic-auth pair': (secret) => `Authorization: Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`,
};

/** What must not be readable in the output: runs of the encoded form that depend on the secret alone. */
function tellTales(secret: string, encoded: string): readonly string[] {
  const core = encoded.replace(/[\r\n]/g, '');
  // The frame of a PEM file is no secret.
  const lines = secret.split('\n').filter((line) => !line.startsWith('-----'));
  const plain = [...lines, core].filter((run) => run.length >= 8);
  return plain.map((run) => run.slice(2, -3)).filter((run) => run.length >= 6);
}

const secrets = [
  'correct horse battery',
  'p<&>"\'`$!/+ =%20\\x~y',
  'Zm9vYmFy/+==Zm9v',
  'öäü€😀pässwörd',
  `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB/+a\n'.repeat(4)}c2hvcnQ=\n-----END PRIVATE KEY-----\n`,
  'x'.repeat(8) + 'ABCDEFGH'.repeat(12),
];

describe('redaction, whatever the chunks', () => {
  it('lets no encoding of a secret through at any split: at every byte boundary, at least 10,000 splits', async () => {
    let splits = 0;
    const leaks: string[] = [];
    for (const secret of secrets) {
      for (const [name, encode] of Object.entries(encodings)) {
        const encoded = encode(secret);
        const text = Buffer.from(`before ${encoded} after`);
        const whole = (await redact([text], ...secrets)).toString('latin1');
        for (let at = 1; at < text.length; at += 1) {
          const parted = (await redact(cut(text, at), ...secrets)).toString('latin1');
          splits += 1;
          if (parted !== whole || tellTales(secret, encoded).some((run) => parted.includes(run))) {
            leaks.push(`${name} of secret ${String(secrets.indexOf(secret))} at ${String(at)}`);
          }
        }
        expect(whole.startsWith('before ')).toBe(true);
        expect(whole.endsWith(' after')).toBe(true);
      }
    }
    expect(leaks).toEqual([]);
    expect(splits).toBeGreaterThanOrEqual(10_000);
  });

  it('gives what the plain definition gives, for any secrets, text and chunks', async () => {
    const letters = fc.stringMatching(/^[ab*]{4,9}$/);
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 4 }),
        fc.array(fc.oneof(letters, fc.stringMatching(/^[abc*]{0,12}$/)), { maxLength: 12 }),
        fc.array(fc.nat(150), { maxLength: 12 }),
        (values, parts, places) => {
          const text = Buffer.from(parts.join(''));
          const patterns = values.map((value) => Buffer.from(value));
          const redaction = startRedaction(secretSearch(patterns));
          const chunks = cut(text, ...places.map((place) => Math.min(place, text.length)));
          const given = chunks.map((chunk) => Buffer.from(redaction.push(chunk)));
          expect(Buffer.concat([...given, redaction.end()]).toString()).toBe(plainly(text, patterns).toString());
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('changes no byte that is not part of a secret, valid UTF-8 or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), fc.nat(3_000), async (bytes, place) => {
        const text = Buffer.from(bytes);
        expect((await redact(cut(text, Math.min(place, text.length)), 'never-in-here-0123')).equals(text)).toBe(true);
      }),
    );
  });
});

describe('redaction of wrapped base64', () => {
  const short = 'swordfish-swordfish-1';
  const long = secrets.at(-1) ?? '';

  it.each([
    [76, '\n'],
    [76, '\r\n'],
    [64, '\n'],
    [64, '\r\n'],
  ])('hides a value wherever in a larger text it stands and lines end: %s %j', async (width, end) => {
    const leaks: string[] = [];
    for (const secret of [short, long]) {
      for (let before = 0; before < 3 * width; before += 1) {
        const text = `${'{'.repeat(before)}${secret}","user":"somebody"}`;
        const encoded = Buffer.from(text).toString('base64');
        const lines = encoded.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? [];
        const given = (await redact([Buffer.from(lines.join(end))], short, long)).toString().replace(/[\r\n]/g, '');
        // Two characters at each end may depend on what stands beside the value.
        const from = Math.ceil((before * 4) / 3) + 2;
        const own = encoded.slice(from, Math.floor(((before + secret.length) * 4) / 3) - 2);
        for (let at = 0; at + 4 <= own.length; at += 1) {
          if (given.includes(own.slice(at, at + 4)) && !encoded.replace(own, '').includes(own.slice(at, at + 4))) {
            leaks.push(`${String(before)}: ${own.slice(at, at + 4)}`);
          }
        }
      }
    }
    expect(leaks).toEqual([]);
  });

  it('hides a short value whatever the width, while its lines are longer than its parts', async () => {
    for (let width = 29; width <= 120; width += 1) {
      for (let before = 0; before < width; before += 7) {
        const encoded = Buffer.from('x'.repeat(before) + short).toString('base64');
        const lines = encoded.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? [];
        const given = (await redact([Buffer.from(lines.join('\n'))], short)).toString();
        expect([width, before, given.includes('***')]).toEqual([width, before, true]);
      }
    }
  });
});

describe('redaction of overlapping and adjacent secrets', () => {
  it('takes the longest of secrets that begin alike, and one mask for those that overlap', async () => {
    expect((await redact([Buffer.from('<abcdefgh>')], 'abcd', 'abcdefgh')).toString()).toBe('<***>');
    expect((await redact([Buffer.from('<abcdefghij>')], 'abcdef', 'efghij')).toString()).toBe('<***>');
    expect((await redact([Buffer.from('<abcdef>')], 'cdef', 'abcdef')).toString()).toBe('<***>');
  });

  it('masks each of several in a row, and one that holds the mask itself', async () => {
    expect((await redact([Buffer.from('secretsecret')], 'secret')).toString()).toBe('******');
    expect((await redact([Buffer.from('<a***b>')], 'a***b')).toString()).toBe('<***>');
  });

  it('follows a chain of overlaps that never ends without holding it back', async () => {
    const redaction = await redactorOf('aaaa');
    const given = Array.from({ length: 1_000 }, () => redaction.push(Buffer.from('a'.repeat(97))).toString());
    expect(redaction.held()).toBeLessThan(200);
    expect([...given, redaction.end().toString()].join('')).toBe('***');
  });
});

describe('what redaction holds back', () => {
  it('holds nothing of text that cannot begin a secret', async () => {
    const redaction = await redactorOf('hunter2-hunter2');
    expect(redaction.push(Buffer.from('Password: ')).toString()).toBe('Password: ');
    expect(redaction.held()).toBe(0);
  });

  it('lets a short beginning go after silence, and still masks the rest when it was a secret', async () => {
    const redaction = await redactorOf('hunter2-hunter2');
    expect(redaction.push(Buffer.from('say hun')).toString()).toBe('say ');
    expect(redaction.release().toString()).toBe('hun');
    expect(redaction.release().toString()).toBe('');
    expect(redaction.push(Buffer.from('ter2-hunter2!')).toString()).toBe('***!');
  });

  it('never lets eight bytes of a beginning go, nor more than a quarter of the secret', async () => {
    const redaction = await redactorOf('0123456789abcdef0123456789abcdef', 'short-one');
    redaction.push(Buffer.from('01234567'));
    expect(redaction.release().toString()).toBe('');
    expect(redaction.push(Buffer.from('-sho')).toString()).toBe('01234567-');
    expect(redaction.release().toString()).toBe('');
    expect(redaction.end().toString()).toBe('sho');
  });

  it('keeps no more than the longest secret of an endless stream', async () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz'.repeat(20);
    const redaction = await redactorOf(secret);
    for (let round = 0; round < 200; round += 1) {
      redaction.push(Buffer.from(secret.slice(0, 500)));
      expect(redaction.held()).toBeLessThanOrEqual(520);
    }
  });
});
