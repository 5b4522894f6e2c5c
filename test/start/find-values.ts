import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Every form in which a value is looked for: raw, URL-encoded, hexadecimal in both cases, base64 at each alignment. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].map((before) => {
    // The characters at both ends depend on what stands beside the value, so they are left out.
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(before === 0 ? 0 : before + 1, -1);
  });
  const hex = bytes.toString('hex');
  return [value, encodeURIComponent(value), hex, hex.toUpperCase(), ...shifted, ...shifted.map(toUrlForm)];
}

/** Files below a folder that hold any of the values in any form: `path: first four characters of the value`. */
export async function findValues(
  folder: string,
  values: readonly string[],
  leaveOut: (path: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !leaveOut(path)) found.push(...valuesIn(path, await readFile(path, 'latin1'), values));
  }
  return found;
}

/** The same for one text. */
export function valuesIn(place: string, text: string, values: readonly string[]): readonly string[] {
  return values
    .filter((value) => formsOf(value).some((form) => text.includes(form)))
    .map((value) => `${place}: ${value.slice(0, 4)}…`);
}

function toUrlForm(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
