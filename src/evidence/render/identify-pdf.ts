import { ServiceError } from '../../service-error.ts';

/** ISO 14289-1:2014, clause 5: the part of the standard that the file follows. */
const identifier = '<pdfuaid:part>1</pdfuaid:part>';

/** PDF/A allows a property of another schema only with its description: ISO 19005-3:2012, clause 6.6.2.3. */
const schemaDescription = [
  '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>',
  '<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>',
  '<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>',
  '<rdf:li rdf:parseType="Resource"><pdfaProperty:category>internal</pdfaProperty:category>',
  '<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description>',
  '<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType></rdf:li>',
  '</rdf:Seq></pdfaSchema:property></rdf:li>',
].join('');

/**
 * Adds what the typesetter writes either for PDF/A or for PDF/UA, but not for both: readers show the title of the
 * document instead of the name of the file (ISO 14289-1, clause 7.1), and the metadata carry the identifier of clause 5.
 * It says how the file is made; Keyturn claims no conformance. The rest of the file stays as it is.
 * @throws ServiceError `PDF_NOT_RENDERED` if the typesetter wrote the file in another form.
 */
export function identifyPdf(pdf: Uint8Array): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1');
  const table = crossReferences(text);
  const catalogNumber = numberIn(text.slice(table.at), /\/Root (\d+) 0 R/);
  const catalog = objectOf(text, table, catalogNumber);
  const metadataNumber = numberIn(catalog.text, /\/Metadata (\d+) 0 R/);
  const metadata = objectOf(text, table, metadataNumber);
  const changed = [
    {
      ...catalog,
      text: replaced(catalog.text, '/ViewerPreferences <<', '/ViewerPreferences <<\n    /DisplayDocTitle true'),
    },
    { ...metadata, text: withIdentifier(metadata.text) },
  ].sort((a, b) => a.from - b.from);
  return Buffer.from(rewritten(text, table, changed), 'latin1');
}

interface CrossReferences {
  /** Where the table begins. */
  readonly at: number;
  /** Where its first entry begins; each entry has 20 bytes. */
  readonly first: number;
  readonly offsets: readonly number[];
}

interface PdfObject {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function crossReferences(text: string): CrossReferences {
  const at = numberIn(text.slice(-200), /startxref\n(\d+)\n%%EOF\s*$/);
  const head = /^xref\n0 (\d+)\n/.exec(text.slice(at, at + 40));
  if (head === null) throw otherForm();
  const first = at + head[0].length;
  const offsets = Array.from({ length: Number(head[1]) }, (_, index) =>
    Number(text.slice(first + index * 20, first + index * 20 + 10)),
  );
  return { at, first, offsets };
}

function objectOf(text: string, { offsets }: CrossReferences, number: number): PdfObject {
  const from = offsets[number] ?? 0;
  const end = text.indexOf('endobj', from);
  if (from === 0 || end === -1 || !text.startsWith(`${String(number)} 0 obj`, from)) throw otherForm();
  return { from, to: end, text: text.slice(from, end) };
}

/** Adds the identifier, and corrects the length of the stream. */
function withIdentifier(object: string): string {
  const named = replaced(object, 'xmlns:pdf="', 'xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"  xmlns:pdf="');
  const identified = replaced(named, '<xmpTPg:NPages>', `${identifier}<xmpTPg:NPages>`);
  const described = replaced(
    identified,
    '<pdfaExtension:schemas><rdf:Bag>',
    `<pdfaExtension:schemas><rdf:Bag>${schemaDescription}`,
  );
  const length = numberIn(described, /\/Length (\d+)/);
  return replaced(
    described,
    `/Length ${String(length)}`,
    `/Length ${String(length + described.length - object.length)}`,
  );
}

/** Puts the changed objects, ascending by place, into the file, and moves what follows them. */
function rewritten(text: string, { at, first, offsets }: CrossReferences, changed: readonly PdfObject[]): string {
  const moved = (offset: number) =>
    changed.reduce((sum, one) => (one.from < offset ? sum + one.text.length - (one.to - one.from) : sum), offset);
  const pieces: string[] = [];
  let done = 0;
  for (const { from, to, text: body } of changed) {
    pieces.push(text.slice(done, from), body);
    done = to;
  }
  const entries = offsets.map((offset, number) => {
    const entry = text.slice(first + number * 20, first + (number + 1) * 20);
    return offset === 0 ? entry : `${String(moved(offset)).padStart(10, '0')}${entry.slice(10)}`;
  });
  const tail = text.slice(first + offsets.length * 20);
  pieces.push(
    text.slice(done, first),
    ...entries,
    tail.replace(`startxref\n${String(at)}\n`, `startxref\n${String(moved(at))}\n`),
  );
  return pieces.join('');
}

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw otherForm();
  return text.replace(part, () => by);
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw otherForm();
  return Number(found);
}

function otherForm(): ServiceError<'PDF_NOT_RENDERED'> {
  return new ServiceError('PDF_NOT_RENDERED', { stage: 'export', problems: 1 });
}
