import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';
import { identifyPdf } from './identify-pdf.ts';

/** The worker's task. */
export interface TypesetOrder {
  readonly template: string;
  /** By the names that the template uses. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Seconds since 1970: the creation time that the PDF states. */
  readonly createdSeconds: number;
}

export type TypesetAnswer =
  | { readonly outcome: 'typeset'; readonly pdf: Uint8Array }
  | { readonly outcome: 'refused'; readonly stage: 'layout' | 'export'; readonly problems: readonly string[] };

/** Tagged, with attachments; the typesetter itself refuses a violation of the standard. */
const standard = 'a-3a';

function typeset({ template, files, createdSeconds }: TypesetOrder): TypesetAnswer {
  // A root for names only: every file is in memory, and nothing is read or written there.
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
      pdf: identifyPdf(compiler.pdf(document, { pdfStandard: standard, creationTimestamp: createdSeconds })),
    };
  } catch (error) {
    return { outcome: 'refused', stage: 'export', problems: [String(error)] };
  }
}

// render-pdf.ts of the same release created the order. Each process handles one order and then ends.
process.once('message', (order) => {
  process.send?.(typeset(order as TypesetOrder), undefined, undefined, () => process.disconnect());
});
