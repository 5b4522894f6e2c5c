import { html } from 'hono/html';
import type { WebPorts } from '../web-ports.ts';
import type { Who } from '../caller.ts';
import { days, marks } from './list-packs.ts';
import { page, wantsJson } from './page.ts';
import { showRefusal } from './show-refusal.ts';

const purposes: Readonly<Record<string, string>> = {
  'report.html': 'the report, for reading on screen',
  'report.pdf': 'the report, for printing and filing (PDF/A-3)',
  'manifest.json': 'every file with its size and SHA-256',
  'retrievals.ndjson': 'every read with its grade and evidence, one per line',
  'retrievals.csv': 'the same reads, for a spreadsheet',
  'findings.ndjson': 'every exception, one per line',
  'findings.csv': 'the same exceptions, for a spreadsheet',
  'rotations.ndjson': 'every rotation, from its journal',
  'inventory.ndjson': 'every secret with its age and policy; no values',
  'coverage.csv': 'every hour of the log: covered, a gap, or not read',
  'slices.ndjson': 'every slice of log rows with its digest',
  'unreadable-rows.ndjson': 'rows that could not be parsed, with the reason',
  'queries/retrievals.kql': 'the query that read the log',
  'public-key.pem': "the seal's public key; it proves nothing by itself",
  'data-manifest.json': 'the digests of the data files, as attached to the PDF',
  'pack.dsse.json': 'the signed statement over all files',
  'oscal-assessment-results.json': 'the same results for assessment tools (OSCAL)',
};

/** `GET /reports/{id}`: one pack and its files. */
export async function showPack(request: Request, id: string, asking: Who, ports: WebPorts): Promise<Response> {
  const pack = (await ports.packs()).find((one) => one.id === id);
  const files = await ports.packFiles(id);
  if (pack === undefined || files === null) return await showRefusal(request, 404, 'Unknown report.');
  if (wantsJson(request)) return Response.json({ ...pack, files });
  const address = `/reports/${encodeURIComponent(pack.id)}`;
  return await page(
    `Report ${days(pack)}`,
    html`<h1>${days(pack)}${marks(pack)}</h1>
<p class="lead">${pack.frameworks.join(', ')}. ${pack.retrievals} reads, ${pack.tied} tied to a job, ${pack.suspicious} suspicious, ${pack.findings} findings.</p>
<div class="actions"><a href="${address}/report.html">Read the report</a><a href="${address}/report.pdf?download">Download the PDF</a><a href="${address}/pack.zip?download">Download everything (zip)</a></div>
<h2>All files</h2>
<div class="scroll"><table><caption>Unpack the zip and run <code>keyturn verify FOLDER</code>: it needs no network.</caption>
<thead><tr><th scope="col">File</th><th scope="col">Purpose</th><th scope="col">Bytes</th></tr></thead>
<tbody>${files.map(({ path, bytes }) => html`<tr><td><a href="${address}/${path}?download">${path}</a></td><td>${purposeOf(path)}</td><td class="number">${bytes.toLocaleString('en')}</td></tr>`)}</tbody></table></div>`,
    { asking },
  );
}

/**
 * Large files are split into parts, `retrievals-0001.ndjson.gz`, and a changed query's name has its digest; both have the
 * purpose of the whole file.
 */
function purposeOf(path: string): string {
  return purposes[path.replace(/\.gz$/, '').replace(/-(\d{4}|[0-9a-f]{8})(?=\.\w+$)/, '')] ?? '';
}
