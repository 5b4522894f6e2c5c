/**
 * A small reader of the PDF that the report is: objects in a plain cross-reference table, no object streams. It reads
 * what its tests ask for, and refuses any other form.
 */
export interface ReadPdf {
  /** The text of an object, `3897` of `3897 0 R`; a stream's bytes as Latin-1. */
  object(number: number): string;
  /** The document catalogue. */
  readonly catalog: string;
  /** The XMP metadata. */
  readonly metadata: string;
  /** Types of the structure elements in the order of reading. */
  readonly tags: readonly string[];
}

export function readPdf(bytes: Uint8Array): ReadPdf {
  const text = Buffer.from(bytes).toString('latin1');
  const at = Number(/startxref\n(\d+)\n%%EOF\s*$/.exec(text.slice(-200))?.[1]);
  const head = /^xref\n0 (\d+)\n/.exec(text.slice(at, at + 40));
  if (head === null) throw new TypeError('The PDF has no plain cross-reference table at its end.');
  const first = at + head[0].length;
  const object = (number: number): string => {
    const entry = text.slice(first + number * 20, first + (number + 1) * 20);
    const from = Number(entry.slice(0, 10));
    if (!/^\d{10} 00000 n\r\n$/.test(entry) || !text.startsWith(`${String(number)} 0 obj`, from))
      throw new TypeError(`Object ${String(number)} is not where the table says.`);
    return text.slice(from, text.indexOf('endobj', from));
  };
  const catalog = object(referenceIn(text.slice(at), 'Root'));
  const metadata = streamOf(object(referenceIn(catalog, 'Metadata')));
  const tags: string[] = [];
  const walk = (number: number): void => {
    const element = object(number);
    const tag = /\/S \/(\w+)/.exec(element)?.[1];
    if (tag !== undefined) tags.push(tag);
    const kids = /\/K \[([^\]]*)\]/.exec(element)?.[1] ?? /\/K (\d+ 0 R)/.exec(element)?.[1] ?? '';
    for (const [, kid] of kids.matchAll(/(\d+) 0 R/g)) if (/\/S \/\w+/.test(object(Number(kid)))) walk(Number(kid));
  };
  walk(referenceIn(catalog, 'StructTreeRoot'));
  return { object, catalog, metadata, tags };
}

function referenceIn(text: string, name: string): number {
  const found = new RegExp(`/${name} (\\d+) 0 R`).exec(text)?.[1];
  if (found === undefined) throw new TypeError(`The PDF has no ${name}.`);
  return Number(found);
}

/** The bytes of a stream, by its own statement of their number. */
function streamOf(object: string): string {
  const length = Number(/\/Length (\d+)/.exec(object)?.[1]);
  const from = object.indexOf('stream\n') + 'stream\n'.length;
  const stream = object.slice(from, from + length);
  if (!object.slice(from + length).startsWith('\nendstream')) throw new TypeError('The length of a stream is wrong.');
  return stream;
}
