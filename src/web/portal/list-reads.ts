import { html } from 'hono/html';
import { grades } from '../../audit/model/attribution.ts';
import { deletedReadsSentence } from '../../audit/model/deleted-reads.ts';
import { dayMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import { page, wantsJson } from './design/page.ts';
import { counted, day, moment, pageLinks, pageOf } from './design/parts.ts';
import { stillBeingRead } from './findings-table.ts';
import type { AuditedSpan, ListedRead } from '../portal-ports.ts';
import type { PortalVisit } from './portal-visit.ts';
import { readsTable } from './reads-table.ts';

/** A longer span is for a report. */
const mostDays = 366;

/** `GET /reads`: who read a secret, what a job read, what a person read, from any date. */
export async function listReads({ request, query, asking, ports }: PortalVisit): Promise<Response> {
  const audited = await ports.audited(spanOf(query));
  const found = audited === null ? [] : filterReads(audited.reads, query);
  if (wantsJson(request))
    return Response.json({
      from: audited?.from ?? null,
      to: audited?.to ?? null,
      deleted: audited?.deleted ?? [],
      reads: found,
    });
  return await page(
    'Access',
    html`<h1>Access</h1><p class="lead">Who read which secret, in which job, and how well the read is tied to it.</p>
${searchForm(query)}
${audited === null ? stillBeingRead() : result(found, audited, query, ports.jobLog !== null)}`,
    { asking, at: '/reads' },
  );
}

function result(found: readonly ListedRead[], audited: AuditedSpan, query: URLSearchParams, hasLogs: boolean) {
  const jobs = new Set(found.flatMap(({ job }) => (job === null ? [] : [job]))).size;
  const persons = found.filter(({ grade }) => grade === 'person').length;
  return html`<p>${counted(found.length, 'read')} by ${counted(jobs, 'job')}, ${counted(persons, 'read')} by a person, from ${day(audited.from)} to ${moment(audited.to)}.${audited.leftOut === 0 ? '' : ` ${counted(audited.leftOut, 'older read')} of this span ${audited.leftOut === 1 ? 'is' : 'are'} not searched: choose an earlier end.`}</p>
${audited.deleted.map((one) => html`<p class="notice">${deletedReadsSentence(one, moment)}</p>`)}
${found.length === 0 ? html`<p class="notice">No read in this span matches.</p>` : html`${readsTable('Reads', pageOf(found, query), { hasLogs })}${pageLinks('/reads', query, found.length)}`}`;
}

/** Keeps the reads that the address asks for. A job is asked for by its repository, run or job, as `keyturn rotate --read-by` takes it. */
function filterReads(reads: readonly ListedRead[], query: URLSearchParams): readonly ListedRead[] {
  const wanted = (name: string) => query.get(name)?.trim().toLowerCase() ?? '';
  const [secret, job, person, grade] = [wanted('secret'), wanted('job'), wanted('person'), wanted('grade')];
  return reads.filter(
    (one) =>
      (secret === '' || isOfSecret(one, secret)) &&
      (job === '' || isOfJob(one.job, job)) &&
      (person === '' || isOfPerson(one, person)) &&
      (grade === '' || one.grade === grade),
  );
}

/** Whether `vault/name` contains the text; no text is put together for each of many thousand rows. */
function isOfSecret({ vault, secret }: ListedRead, wanted: string): boolean {
  const slash = wanted.indexOf('/');
  if (slash === -1) return secret.includes(wanted) || vault.includes(wanted);
  return vault.endsWith(wanted.slice(0, slash)) && secret.startsWith(wanted.slice(slash + 1));
}

function isOfJob(name: string | null, wanted: string): boolean {
  const job = name?.toLowerCase() ?? null;
  return job !== null && (job === wanted || ['.', '/', ' '].some((next) => job.startsWith(`${wanted}${next}`)));
}

function isOfPerson({ grade, person, identity }: ListedRead, wanted: string): boolean {
  if (wanted === 'any') return grade === 'person';
  return person?.toLowerCase().includes(wanted) === true || (person !== null && identity === wanted);
}

/** The span of the address: whole days, the last one included. @throws ServiceError `REQUEST_MALFORMED`. */
function spanOf(query: URLSearchParams): { readonly from: Date; readonly to: Date } | undefined {
  const [from, to] = [dayIn(query, 'from'), dayIn(query, 'to')];
  if (from === null && to === null) return undefined;
  const end = to === null ? (from ?? 0) + 30 * dayMs : to + dayMs;
  const start = from ?? end - 30 * dayMs;
  if (start >= end)
    throw new ServiceError('REQUEST_MALFORMED', { place: 'to', reason: 'it lies before the first day' });
  if (end - start > mostDays * dayMs)
    throw new ServiceError('REQUEST_MALFORMED', {
      place: 'from',
      reason: 'choose a year at most; a report has no limit',
    });
  return { from: new Date(start), to: new Date(end) };
}

function dayIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name) ?? '';
  if (text === '') return null;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at))
    throw new ServiceError('REQUEST_MALFORMED', { place: name, reason: 'write a day as 2026-03-09' });
  return at;
}

function searchForm(query: URLSearchParams) {
  const field = (name: string, label: string, example: string) =>
    html`<label>${label}<input type="text" name="${name}" value="${query.get(name) ?? ''}" placeholder="${example}"></label>`;
  const date = (name: string, label: string) =>
    html`<label>${label}<input type="date" name="${name}" value="${query.get(name) ?? ''}"></label>`;
  const grade = query.get('grade') ?? '';
  return html`<form class="filter" method="get" action="/reads" role="search">${field('secret', 'Secret', 'vault/name or a part')}${field('job', 'Job', 'owner/name run/job')}${field('person', 'Person', 'name, id, or any')}<label>Grade<select name="grade"><option value="">any</option>${grades.map((one) => html`<option${one === grade ? html` selected` : ''}>${one}</option>`)}</select></label>${date('from', 'First day')}${date('to', 'Last day')}<div><button>Show</button> <a class="small" href="/reads">Clear</a></div></form>`;
}
