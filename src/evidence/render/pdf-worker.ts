import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

/** What the process is to do. */
export interface TypesetOrder {
  readonly template: string;
  /** By name, as the template asks for them. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Seconds since 1970: the time that the PDF says it was made. */
  readonly createdSeconds: number;
}

export type TypesetAnswer =
  | { readonly outcome: 'typeset'; readonly pdf: Uint8Array }
  | { readonly outcome: 'refused'; readonly stage: 'layout' | 'export'; readonly problems: readonly string[] };

/** Tagged, with attachments, and refused by the typesetter itself when a rule of the standard is broken. */
const standard = 'a-3a';

function typeset({ template, files, createdSeconds }: TypesetOrder): TypesetAnswer {
  // A place for names alone: every file is given from memory, and nothing is read or written there.
  const workspace = join(tmpdir(), 'keyturn-report');
  const compiler = NodeCompiler.create({ workspace });
  for (const [name, bytes] of Object.entries(files)) compiler.mapShadow(join(workspace, name), Buffer.from(bytes));
  const compiled = compiler.compile({ mainFileContent: template });
  const document = compiled.result;
  if (document === null) {
    const problems = compiled.takeDiagnostics();
    return {
      outcome: 'refused',
      stage: 'layout',
      problems: problems === null ? [] : compiler.fetchDiagnostics(problems).map((one) => JSON.stringify(one)),
    };
  }
  try {
    return {
      outcome: 'typeset',
      pdf: compiler.pdf(document, { pdfStandard: standard, creationTimestamp: createdSeconds }),
    };
  } catch (error) {
    return { outcome: 'refused', stage: 'export', problems: [String(error)] };
  }
}

// The order was made by render-pdf.ts, of this same release. One order a process: the answer is its last act.
process.once('message', (order) => {
  process.send?.(typeset(order as TypesetOrder), undefined, undefined, () => process.disconnect());
});
