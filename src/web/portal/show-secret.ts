import { html } from 'hono/html';
import { page, wantsJson } from './design/page.ts';
import { counted, day, moment, reasonField, secretAddress, table, words } from './design/parts.ts';
import { stillBeingRead } from './findings-table.ts';
import { healthMark } from './list-secrets.ts';
import type { ListedRotation, AuditedSpan, ListedRead, ListedSecret, SecretDetail } from '../portal-ports.ts';
import { operatorOf, type PortalVisit } from './portal-visit.ts';
import { readsTable } from './reads-table.ts';
import { showRefusal } from './show-refusal.ts';

const mostReads = 10;

/** `GET /secrets/{vault}/{name}`: everything that is known of one secret but its value. */
export async function showSecret(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const name = { vault: visit.parameter('vault').toLowerCase(), secret: visit.parameter('name').toLowerCase() };
  const [detail, audited] = await Promise.all([ports.secret(name), ports.audited()]);
  if (detail === null) return await showRefusal(request, 404, 'No vault and no policy has this secret.');
  const reads = (audited?.reads ?? []).filter(({ vault, secret }) => vault === name.vault && secret === name.secret);
  if (wantsJson(request)) return Response.json({ ...detail, reads });
  const { secret } = detail;
  return await page(
    secret.secret,
    html`<p class="small"><a href="/secrets">Secrets</a></p><h1>${secret.secret} ${healthMark(secret.health)}</h1>
${facts(secret)}
<div class="columns">${policyPart(detail)}${nextPart(detail)}</div>
${operatorOf(visit) === null ? '' : actPart(secret)}
<h2>Readers</h2>${readersPart(audited, reads, secret)}
<h2>Who can read it</h2>${possiblePart(detail)}
<h2>Versions</h2>${versionsPart(detail, reads)}
<h2>Rotations</h2>${rotationsPart(detail.rotations)}`,
    { asking, at: '/secrets' },
  );
}

function facts(one: ListedSecret) {
  const items: readonly (readonly [string, string])[] = [
    ['Vault', one.vault],
    ['Environment', one.environment ?? 'none'],
    ['Owner', one.owner ?? 'nobody is named'],
    ['Set', day(one.created)],
    ['Expires', one.expires === null ? 'never' : day(one.expires)],
    ['Last rotated', day(one.lastRotatedAt)],
    ['Last read', day(one.lastReadAt)],
  ];
  return html`<ul class="facts">${items.map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul>`;
}

function policyPart({ policy }: SecretDetail) {
  return html`<section class="card" aria-labelledby="policy"><h2 id="policy">Policy</h2><ul class="says">${policy.map((one) => html`<li>${one}</li>`)}</ul></section>`;
}

function nextPart({ upcoming }: SecretDetail) {
  return html`<section class="card" aria-labelledby="next"><h2 id="next">What happens next</h2>${upcoming.length === 0 ? html`<p>Nothing is planned for this secret.</p>` : html`<ul class="days">${upcoming.map(({ at, says }) => html`<li><span class="time quiet">${day(at)}</span><span>It ${says}.</span></li>`)}</ul>`}</section>`;
}

function actPart({ vault, secret, binding }: ListedSecret) {
  if (binding !== 'bound')
    return html`<p class="notice">Keyturn cannot rotate this secret: the policy binds it to no issuer.</p>`;
  return html`<section class="card" aria-labelledby="rotate"><h2 id="rotate">Rotate</h2><p>The plan asks vault and provider, and changes nothing.</p><p><a class="button second" href="${secretAddress(vault, secret)}/plan">Plan a rotation</a></p>
<details><summary>Rotate now</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><input type="hidden" name="secret" value="${vault}/${secret}">${reasonField()}<label class="tick"><input type="checkbox" name="emergency"> Emergency: the value has leaked. No minimum age, no grace</label><div><button>Rotate</button></div></form></details></section>`;
}

function readersPart(audited: AuditedSpan | null, reads: readonly ListedRead[], { vault, secret }: ListedSecret) {
  if (audited === null) return stillBeingRead();
  if (reads.length === 0) return html`<p>Nobody read it since ${day(audited.from)}.</p>`;
  const byReader = [...Map.groupBy(reads, readerOf)].map(([name, own]) => ({ name, own }));
  const all = `/reads?secret=${encodeURIComponent(`${vault}/${secret}`)}`;
  return html`${table(
    'Readers by job',
    ['Reader', { number: 'Reads' }, 'Last read', 'Versions'],
    byReader
      .slice(0, mostReads)
      .map(
        ({ name, own }) =>
          html`<tr><td class="name">${name}</td><td class="number">${own.length}</td><td class="time">${moment(own[0]?.at ?? '')}</td><td><code>${[...new Set(own.map(({ version }) => version?.slice(0, 8) ?? '–'))].join(', ')}</code></td></tr>`,
      ),
  )}${readsTable('Last reads', reads.slice(0, mostReads))}<p><a href="${all}">All ${counted(reads.length, 'read')} since ${day(audited.from)}</a></p>`;
}

/** The repository of a job, so that a hundred runs of one workflow are one reader. */
function readerOf({ job, person, grade, identity }: ListedRead): string {
  if (job !== null) return `jobs of ${job.split(' ')[0] ?? job}`;
  if (person !== null) return `${person}, a person`;
  return grade === 'rotation' ? 'Keyturn itself, for a rotation' : `no job known, identity ${identity ?? 'none'}`;
}

function possiblePart({ possibleReaders }: SecretDetail) {
  if (possibleReaders === null)
    return html`<p>Not known: the grants of the vault have not been seen. <a href="/setup">Set-up</a> says what is missing.</p>`;
  const { at, readers } = possibleReaders;
  if (readers.length === 0) return html`<p>Nobody, as of ${moment(at)}.</p>`;
  return html`${table(
    'Identities that can read it',
    ['Identity', 'Known as', 'How', 'By'],
    readers.map(
      ({ principalId, knownAs, verdict, grants }) =>
        html`<tr><td class="name"><code>${principalId}</code></td><td>${knownAs ?? html`<span class="text-alarm">not in the policy</span>`}</td><td>${words(verdict)}</td><td>${grants.map(({ role, reach, group }) => html`<div>${role}, on ${words(reach)}${group === null ? '' : html` through group <code>${group}</code>`}</div>`)}</td></tr>`,
    ),
  )}<p class="quiet small">As of ${moment(at)}.</p>`;
}

function versionsPart({ versions }: SecretDetail, reads: readonly ListedRead[]) {
  if (versions.length === 0) return html`<p>No version is known.</p>`;
  return table(
    'Versions',
    ['Version', 'Published', 'Standing', { number: 'Reads' }, { number: 'Jobs that read it' }],
    versions.map(({ version, publishedAt, standing, rotationId }) => {
      const own = reads.filter((read) => read.version === version);
      const jobs = new Set(own.flatMap(({ job }) => (job === null ? [] : [job])));
      return html`<tr><td><code>${version.slice(0, 8)}</code></td><td class="time">${day(publishedAt)}</td><td>${standing}${rotationId === null ? '' : html`<br><a class="small" href="/rotations?q=${rotationId}#${rotationId}">${rotationId}</a>`}</td><td class="number">${own.length}</td><td class="number">${jobs.size}</td></tr>`;
    }),
  );
}

function rotationsPart(rotations: readonly ListedRotation[]) {
  if (rotations.length === 0) return html`<p>No rotation of this secret has begun.</p>`;
  return table(
    'Rotations',
    ['Began', 'State', 'Published', 'Old value', 'Id'],
    rotations.map(
      (one) =>
        html`<tr><td class="time">${moment(one.claimedAt)}</td><td>${words(one.state)}</td><td class="time">${day(one.publishedAt)}</td><td>${words(one.oldValue)}</td><td><a href="/rotations?q=${one.rotationId}#${one.rotationId}"><code>${one.rotationId}</code></a></td></tr>`,
    ),
  );
}

/** `GET /secrets/{vault}/{name}/plan`: what a request for a rotation would do, in sentences. */
export async function showPlan(visit: PortalVisit): Promise<Response> {
  const { request, asking, ports } = visit;
  const [vault, name] = [visit.parameter('vault'), visit.parameter('name')];
  const { sentences, isRefused } = await ports.planRotation(`${vault}/${name}`);
  if (wantsJson(request)) return Response.json({ plan: sentences, isRefused });
  return await page(
    `Plan of ${name}`,
    html`<p class="small"><a href="${secretAddress(vault, name)}">${name}</a></p><h1>Plan of a rotation</h1><p class="lead">Nothing was changed.</p>
${isRefused ? html`<p class="notice alarm">The request would be refused.</p>` : ''}
<section class="card"><ul class="says">${sentences.map((one) => html`<li>${one}</li>`)}</ul></section>
${isRefused ? '' : html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><input type="hidden" name="secret" value="${vault}/${name}">${reasonField()}<div><button>Rotate now</button></div></form>`}`,
    { asking, at: '/secrets' },
  );
}
