import type { ReportModel } from '../report/report-model.ts';

/** Where rows are on the page, so that each number and each id leads to its row. */
export interface PageAnchors {
  /** `#read-…` or `#rotation-…` for the id of an event; `null` if the page does not show its row. */
  row(event: string): string | null;
  /** The row of the file that holds a population; of several parts, that of the first. */
  file(path: string): string;
  /** The id of a file's row; `null` for a further part, because an id is unique in a page. */
  idOfFile(path: string): string | null;
  /** Whether this table shows the row that `#read-ID` leads to: a read may be in two tables. */
  ownsRead(table: unknown, id: string): boolean;
}

/** Finds the places of all rows of a report. */
export function pageAnchors({ reads, rotations, files }: ReportModel): PageAnchors {
  const review = new Set(reads.toLookAt.rows.map(({ id }) => id));
  const shown = new Set([...review, ...reads.all.rows.map(({ id }) => id)]);
  const rotated = new Set(rotations.listed.rows.map(({ id }) => id));
  const firstParts = new Map<string, string>();
  for (const { path } of files) if (!firstParts.has(nameOf(path))) firstParts.set(nameOf(path), path);
  return {
    row(event) {
      if (shown.has(event)) return `#read-${event}`;
      // A step of a rotation is named by the rotation and what follows a blank.
      const [rotation = ''] = event.split(' ');
      return rotated.has(rotation) ? `#rotation-${rotation}` : null;
    },
    file: (path) => `#${nameOf(path.split(' to ')[0] ?? path)}`,
    idOfFile: (path) => (firstParts.get(nameOf(path)) === path ? nameOf(path) : null),
    ownsRead: (table, id) => table === reads.toLookAt || !review.has(id),
  };
}

/** `retrievals-0002.ndjson.gz` → `file-retrievals-ndjson`. */
function nameOf(path: string): string {
  return `file-${path
    .replace(/\.gz$/, '')
    .replace(/-\d{4}(?=\.)/, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}
