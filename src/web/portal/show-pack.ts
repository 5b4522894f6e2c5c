import { html } from 'hono/html';
import type { WebPorts } from '../web-ports.ts';
import { day, marks } from './list-packs.ts';
import { page, wantsJson } from './page.ts';
import { showRefusal } from './show-refusal.ts';

const purposes: Readonly<Record<string, string>> = {
  'report.html': 'the report, to read on a screen',
  'report.pdf': 'the report, to print and to file (PDF/A-3)',
  'manifest.json': 'every file with its size and SHA-256',
  'data-manifest.json': 'the data files alone, as the PDF names them',
  'pack.dsse.json': 'the signed statement over all files',
  'oscal-assessment-results.json': 'the same results for assessment tools (OSCAL)',
};

/** `GET /reports/{id}`: one pack and its files. */
export async function showPack(request: Request, id: string, ports: WebPorts): Promise<Response> {
  const pack = (await ports.packs()).find((one) => one.id === id);
  if (pack === undefined) return await showRefusal(request, 404, 'There is no such report.');
  if (wantsJson(request)) return Response.json(pack);
  const address = `/reports/${encodeURIComponent(pack.id)}`;
  return await page(
    `Report ${day(pack.from)} to ${day(pack.to)}`,
    html`<h1>${day(pack.from)} to ${day(pack.to)}${marks(pack)}</h1>
<p class="lead">${pack.frameworks.join(', ')}. ${pack.retrievals} reads, ${pack.tied} tied to a job, ${pack.suspicious} suspicious, ${pack.findings} findings.</p>
<div class="actions"><a href="${address}/report.html">Read the report</a><a href="${address}/report.pdf?download">Download the PDF</a></div>
<h2>All files</h2>
<div class="scroll"><table><caption>Put the files in one folder and run <code>keyturn verify FOLDER</code>: it needs no network.</caption>
<thead><tr><th scope="col">File</th><th scope="col">Purpose</th><th scope="col">Bytes</th></tr></thead>
<tbody>${pack.files.map(({ path, bytes }) => html`<tr><td><a href="${address}/${path}?download">${path}</a></td><td>${purposes[path] ?? ''}</td><td class="number">${bytes.toLocaleString('en')}</td></tr>`)}</tbody></table></div>`,
  );
}
