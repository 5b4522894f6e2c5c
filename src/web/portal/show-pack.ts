import { html } from 'hono/html';
import { describePerson } from '../../provenance/person.ts';
import { refuseOtherSites } from '../own-origin.ts';
import { page, wantsJson } from './design/page.ts';
import { counted, mark, moment, plainTimes, table } from './design/parts.ts';
import { severityTone } from './findings-table.ts';
import { days, marks } from './list-packs.ts';
import type { Download, PackDifference } from '../portal-ports.ts';
import type { PortalVisit } from './portal-visit.ts';
import { showRefusal } from './show-refusal.ts';

const mostListed = 20;

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
  SHA256SUMS: 'the digest of every file, for sha256sum -c',
  'access-requests.ndjson': 'every request of a job that a person had to answer',
  'deletions.ndjson': 'every deletion by a rule of retention',
  'holds.ndjson': 'every hold that prevents deletions',
  'broker-requests.ndjson': 'every decision of the broker',
  'broker-uses.ndjson': 'every request that the broker made in the place of a job',
  'deviations.ndjson': 'every event that broke a criterion of a test',
  'exclusions.ndjson': 'every row that the population leaves out, with the step',
  'finding-steps.ndjson': 'every decision on an exception, as a chain',
  'grant-days.ndjson': 'who could read, by day',
  'jobs.ndjson': 'every job of the period',
  'journal-entries.ndjson': 'the entries of the journals that were written',
  'journals.ndjson': "the head of each journal's chain",
  'policies.ndjson': 'the policies in force, with their text and digest',
  'receipts.ndjson': 'every receipt that jobs left',
  'refusals.ndjson': 'every read that the vault refused',
  'rotations-due.ndjson': 'every rotation that was due',
  'secret-days.ndjson': 'every secret on every day',
  'sensitive-operations.ndjson': 'backups, restores, purges and the like',
  'setting-looks.ndjson': 'where the logs of the vaults went',
  'table-looks.ndjson': 'how long the log workspace keeps its tables',
  'own-reads.ndjson': 'what Keyturn itself read',
  'setup-looks.ndjson': 'how the vaults were set up',
  'staging-reads.ndjson': 'reads of values before they were published',
  'writes.ndjson': 'every write of a secret, with what explains it',
  'oscal-assessment-results.json': 'the same results for assessment tools (OSCAL)',
};

/** `GET /reports/{id}`: one pack, how its exceptions differ from those of the one before, its files, and who took them. */
export async function showPack(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const id = visit.parameter('id');
  const pack = (await ports.packs()).find((one) => one.id === id);
  const files = await ports.packFiles(id);
  if (pack === undefined || files === null) return await showRefusal(request, 404, 'Unknown report.');
  if (wantsJson(request)) return Response.json({ ...pack, files });
  const downloads = await ports.downloads(id);
  const address = `/reports/${encodeURIComponent(pack.id)}`;
  return await page(
    `Report ${days(pack)}`,
    html`<p class="small"><a href="/reports">Reports</a></p><h1>${days(pack)}${marks(pack)}</h1>
<p class="lead">${pack.frameworks.join(', ')}. ${counted(pack.retrievals, 'read')}, ${pack.tied} tied to a job, ${pack.suspicious} suspicious, ${counted(pack.findings, 'exception')}.</p>
<div class="actions"><a class="button" href="${address}/report.html">Read the report</a><a href="${address}/report.pdf?download">Download the PDF</a><a href="${address}/pack.zip?download">Download everything (zip)</a></div>
<h2>Difference</h2><p><a href="${address}/difference">What changed since the pack before</a></p>
<h2>Check</h2><form method="post" action="${address}/check"><p>This server re-reads every byte, the seal and the rows. It cannot vouch for itself: unpack the zip on your own machine and run <code>keyturn verify FOLDER --trust FINGERPRINT</code>, which needs no network.</p><button class="second">Check this pack</button></form>
<h2>Files</h2>
${table(
  'Files',
  ['File', 'What it holds', { number: 'Bytes' }],
  files.map(
    ({ path, bytes }) =>
      html`<tr><td class="name"><a href="${address}/${path}?download">${path}</a></td><td>${purposeOf(path)}</td><td class="number">${bytes.toLocaleString('en')}</td></tr>`,
  ),
)}
<h2>Downloads</h2>${downloadsPart(downloads)}`,
    { asking, at: '/reports' },
  );
}

/** `GET /reports/{id}/difference`: how the exceptions of a pack differ from those of the one before it. */
export async function showDifference(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const id = visit.parameter('id');
  const pack = (await ports.packs()).find((one) => one.id === id);
  if (pack === undefined) return await showRefusal(request, 404, 'Unknown report.');
  const difference = await ports.comparePack(id);
  if (wantsJson(request)) return Response.json({ difference });
  return await page(
    'Difference of packs',
    html`<p class="small"><a href="/reports/${encodeURIComponent(id)}">${days(pack)}</a></p><h1>What changed</h1>${differencePart(difference)}`,
    { asking, at: '/reports' },
  );
}

function differencePart(difference: PackDifference | null) {
  if (difference === null) return html`<p class="notice">No earlier pack is in the archive.</p>`;
  const { earlier, added, fixed, recurring, controls } = difference;
  const list = (title: string, findings: PackDifference['added']) =>
    findings.length === 0
      ? ''
      : html`<section class="card"><h2>${title}</h2><ul class="says plain">${findings.slice(0, mostListed).map(({ id, severity, description }) => html`<li>${mark(severity, severityTone(severity))} ${plainTimes(description)} <code class="quiet small">${id}</code></li>`)}</ul>${findings.length > mostListed ? html`<p class="quiet small">${findings.length - mostListed} more are in <code>findings.ndjson</code>.</p>` : ''}</section>`;
  return html`<p class="lead">Against <a href="/reports/${encodeURIComponent(earlier)}">${earlier}</a>: ${added.length} new, ${recurring.length} in both, ${fixed.length} fixed. <code>keyturn diff</code> says the same of two folders.</p>${list('New', added)}${list('In both', recurring)}${list('Fixed', fixed)}${
    controls.length === 0
      ? ''
      : table(
          'Controls whose result differs',
          ['Control', 'Before', 'Now'],
          controls.map(
            ({ control, before, after }) =>
              html`<tr><td>${control}</td><td>${before ?? 'not reported'}</td><td>${after ?? 'not reported'}</td></tr>`,
          ),
        )
  }`;
}

function downloadsPart(downloads: readonly Download[]) {
  if (downloads.length === 0) return html`<p>Nobody has taken a file of this pack from the portal.</p>`;
  return html`<ul class="says">${downloads.slice(0, mostListed).map(({ at, by, file }) => html`<li><span class="time">${moment(at)}</span> ${describePerson(by)} took <code>${file}</code></li>`)}</ul>${downloads.length > mostListed ? html`<p class="quiet small">${downloads.length - mostListed} earlier ones are on record.</p>` : ''}`;
}

/** `POST /reports/{id}/check`: checks every byte of a pack. Changes nothing. */
export async function checkPack(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  refuseOtherSites(request);
  const id = visit.parameter('id');
  const check = await ports.checkPack(id);
  if (check === null) return await showRefusal(request, 404, 'Unknown report.');
  if (wantsJson(request)) return Response.json(check);
  const { intact, fingerprint, files, faults } = check;
  return await page(
    'Check of a pack',
    html`<p class="small"><a href="/reports/${encodeURIComponent(id)}">${id}</a></p><h1>Check of a pack ${intact ? mark('intact', 'calm') : mark('broken', 'alarm')}</h1>
<p>${counted(files, 'file')}: every digest of the manifest, the canonical form of every row, and the signature were compared${intact ? ', and all agree' : ''}.</p>
${faults.length === 0 ? '' : html`<ul class="says">${faults.map((one) => html`<li>${one}</li>`)}</ul>`}
<dl class="pairs"><dt>Sealed by</dt><dd><code>${fingerprint ?? 'a key that cannot be read'}</code></dd></dl>
<p class="notice">Compare this fingerprint with one that you got another way. A server that lies about a pack would also lie here.</p>`,
    { asking, at: '/reports' },
  );
}

/**
 * Large files are split into parts, `retrievals-0001.ndjson.gz`, and a changed query's name has its digest; both have the
 * purpose of the whole file.
 */
function purposeOf(path: string): string {
  return purposes[path.replace(/\.gz$/, '').replace(/-(\d{4}|[0-9a-f]{8})(?=\.\w+$)/, '')] ?? '';
}
