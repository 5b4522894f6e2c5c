import { isOrdinary, leastLength, linesOf, pemBodies, secretLines } from './secret-lines.ts';
import { structuredParts } from './structured-parts.ts';

/** What of one value is searched for. */
export interface SecretTexts {
  /** Each searched for in every form. */
  readonly texts: readonly string[];
  /** Lines of a value of many, each searched for as it is, in base64 and in hexadecimal. */
  readonly lines: readonly string[];
}

/** The texts of a value that are secret: it, its lines, and its parts. Words that are not secret are left alone. */
export async function secretTexts(value: string): Promise<SecretTexts> {
  if (value.length < leastLength) return { texts: [], lines: [] };
  const parts = await structuredParts(value);
  const lines = new Set<string>();
  const texts = new Set<string>();
  for (const text of [value, ...(parts ?? [])]) {
    const bodies = pemBodies(text);
    if (bodies === null) {
      for (const written of asPrinted(text)) texts.add(written);
      if (parts === null || text !== value) for (const line of severalLines(text)) lines.add(line);
    } else {
      for (const body of bodies) {
        // A view shows a text without its line ends, so that this finds it in lines of any width.
        texts.add(body.replaceAll('\n', '')).add(body);
        for (const line of body.split('\n')) if (line.length >= leastLength) lines.add(line);
      }
    }
  }
  return { texts: [...texts].filter((text) => text.length >= leastLength), lines: [...lines] };
}

function severalLines(text: string): readonly string[] {
  return linesOf(text).length > 1 ? secretLines(text) : [];
}

/** A text as it is, without what is around it, and in the pieces that a runner's own masks know. */
function asPrinted(text: string): readonly string[] {
  const trimmed = text.trim();
  const unix = trimmed.replaceAll('\r\n', '\n');
  return [
    // A line end after the value would hold the line back until the next one.
    text.includes('\n') || text.includes('\r') ? text.replace(/^[\r\n]+|[\r\n]+$/g, '') : text,
    trimmed,
    ...(unix.includes('\n') ? [unix, unix.replaceAll('\n', '\r\n')] : []),
    ...withoutDoubleQuotes(trimmed),
    ...aroundAmpersand(trimmed),
    ...withoutPadding(trimmed),
  ];
}

/** GitHub's `TrimDoubleQuotes`: a shell takes the quotes off. */
function withoutDoubleQuotes(text: string): readonly string[] {
  return text.length > 8 && text.startsWith('"') && text.endsWith('"') ? [text.slice(1, -1)] : [];
}

/**
 * GitHub's `PowerShellPreAmpersandEscape` and `PostAmpersandEscape`: an error of PowerShell prints what is before an
 * ampersand and what is after it apart, or in different colours; behind `&+` a character is missing.
 */
function aroundAmpersand(text: string): readonly string[] {
  if (!text.includes('&')) return [];
  const joined = text.indexOf('&+');
  const [before, after] =
    joined === -1
      ? [text.slice(0, text.lastIndexOf('&') + 1), text.slice(text.lastIndexOf('&') + 1)]
      : [text.slice(0, joined + 2), text.slice(joined + 3)];
  return [before, after].filter((part) => part.length >= 6 && !isOrdinary(part));
}

/** A value in base64 as JSON Web Tokens and URLs write it. */
function withoutPadding(text: string): readonly string[] {
  if (text.length < 12 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return [];
  const bare = text.endsWith('=') ? text.slice(0, text.indexOf('=')) : text;
  const swapped =
    bare.includes('+') || bare.includes('/')
      ? bare.replaceAll('+', '-').replaceAll('/', '_')
      : bare.replaceAll('-', '+').replaceAll('_', '/');
  return [bare, swapped];
}
