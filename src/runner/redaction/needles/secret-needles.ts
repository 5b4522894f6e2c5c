import { base64Cores, encodedLineNeedles, encodedNeedles, inBothAlphabets } from './encoded-needles.ts';
import { repeatsItself, withoutRepetition } from './repetition.ts';
import { leastLength } from './secret-lines.ts';
import type { SecretTexts } from './secret-texts.ts';

/** Values of more characters are not searched for in base64 of their escaped forms. */
const mostEscapedLength = 2_048;

/** The bytes to search for. */
export interface SecretNeedles {
  readonly needles: readonly Buffer[];
  /** Pieces of texts that repeat themselves, and of their encodings, which do so too. */
  readonly repetitions: readonly Buffer[];
}

/** Each text in all encodings, each line in the likely ones. */
export function secretNeedles({ texts, lines }: SecretTexts): SecretNeedles {
  const needles: Buffer[] = [];
  const repetitions: Buffer[] = [];
  const add = (plain: Buffer, all: readonly Buffer[]) => {
    const long = all.filter(({ length }) => length >= leastLength);
    if (repeatsItself(plain)) repetitions.push(...long.flatMap(withoutRepetition));
    else needles.push(...long);
  };
  for (const text of texts) add(Buffer.from(text), needlesOfText(text));
  for (const line of lines) {
    const plain = Buffer.from(line);
    add(plain, [plain, ...encodedLineNeedles(plain)]);
  }
  return { needles, repetitions };
}

function needlesOfText(text: string): readonly Buffer[] {
  const plain = Buffer.from(text);
  const decoded = decodedBytes(text);
  return [
    plain,
    ...otherCharacterSets(text, plain),
    ...encodedNeedles(plain),
    ...(decoded === null ? [] : [decoded, ...encodedNeedles(decoded)]),
    ...base64OfEscaped(text, plain),
  ];
}

/** Latin-1, and Unicode composed and decomposed, where they differ. */
function otherCharacterSets(text: string, plain: Buffer): readonly Buffer[] {
  const latin = Buffer.from(text, 'latin1');
  const forms = [Buffer.from(text.normalize('NFC')), Buffer.from(text.normalize('NFD'))];
  if (latin.toString('latin1') === text) forms.push(latin);
  return forms.filter((form) => !form.equals(plain));
}

/** What a value encodes that is base64 or hexadecimal itself, of twelve characters and more. */
function decodedBytes(text: string): Buffer | null {
  if (text.length < 12) return null;
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  // Node takes either alphabet.
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
}

/** Base64 of the text as JSON or a URL writes it: `.dockerconfigjson`, OAuth clients. */
function base64OfEscaped(text: string, plain: Buffer): readonly Buffer[] {
  if (text.length > mostEscapedLength) return [];
  const json = JSON.stringify(text).slice(1, -1);
  const forms = new Set([
    json,
    escapeUnicode(json, /[<>&\u2028\u2029]/g),
    json.replaceAll('/', '\\/'),
    // oxlint-disable-next-line no-control-regex -- everything outside ASCII is what is meant
    escapeUnicode(json, /[^\x00-\x7f]/g),
    // oxlint-disable-next-line no-control-regex -- as System.Text.Json does by default
    escapeUnicode(json.replaceAll('\\"', '\\u0022'), /[^\x00-\x7f]|[<>&'+`]/g, true),
    encodeURIComponent(text.toWellFormed()),
    encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+'),
  ]);
  forms.delete(plain.toString());
  return [...forms].flatMap((form) =>
    inBothAlphabets(base64Cores(Buffer.from(form))).map((core) => Buffer.from(core, 'latin1')),
  );
}

function escapeUnicode(text: string, which: RegExp, capital = false): string {
  return text.replace(which, (sign) => {
    const digits = sign.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${capital ? digits.toUpperCase() : digits}`;
  });
}
