import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { EmbeddedIdentityProvider } from '../../embedded/openid/identity-provider.ts';
import { type LoopbackAnswer, type LoopbackServer, startLoopbackServer } from '../../embedded/loopback-server.ts';
import { brokerLabel, repository, runnerLabel, trialSecrets } from './trial-world.ts';

/** What the page tells of. */
export interface TrialPage {
  readonly cloud: EmbeddedCloud;
  readonly provider: EmbeddedIdentityProvider;
  readonly portal: string;
  /** The file with the settings; `null`: they were printed. */
  readonly settingsFile: string | null;
  readonly directory: string;
  /** The configuration of the runner whose jobs ask the broker. */
  readonly brokerConfiguration: string;
  /** The folder of a developer's own configuration, and who they are. */
  readonly laptop: string;
  readonly developer: Principal;
}

/** Serves the page that says what is where, and the logs of the jobs, which the double of Gitea shows nowhere. */
export async function startTrialPage(page: TrialPage, port: number): Promise<LoopbackServer> {
  return await startLoopbackServer({
    clock: page.cloud.clock,
    port,
    answer({ method, segments, headers, body: sent }) {
      // Another site's page must not read this one through a name that it points at this machine.
      if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(headers['host'] ?? '')) return plain(421, 'Ask for localhost.');
      if (method === 'POST' && segments.join('/') === 'devicelogin') return signIn(page, headers, sent);
      if (method !== 'GET') return plain(405, 'This page can only be read.');
      const [first, job] = segments;
      if (first === undefined) return html(body(page));
      if (first === 'devicelogin') return html(signInForm(page));
      if (first !== 'jobs' || job === undefined) return plain(404, 'Nothing is here.');
      return log(page, job === 'newest' ? (page.cloud.gitea.jobs().at(-1)?.jobId ?? 0) : Number(job));
    },
  });
}

function body(page: TrialPage): string {
  const { cloud, provider, portal, settingsFile, directory } = page;
  const rows: readonly (readonly [string, string])[] = [
    ['Settings', settingsFile === null ? 'printed by <code>keyturn cloud</code>' : code(settingsFile)],
    ['Portal', `${link(portal)}, once <code>keyturn serve</code> runs`],
    ['Key Vault', `${code(cloud.vault.url)}, called ${code(cloud.vault.name)}`],
    [
      'Log workspace',
      `${code(cloud.logAnalytics.url)}: ${count(cloud.auditLog.rows().length, 'row')}. A row arrives at once; in Azure it takes minutes.`,
    ],
    [
      'Gitea',
      `${code(cloud.gitea.url)}, a double with the API and no pages. Repository ${code(repository)}, runner label ${code(runnerLabel)}.`,
    ],
    [
      'Broker',
      `jobs on the label ${code(brokerLabel)} have no identity in Azure: they ask ${code(`${portal}/broker`)}, by ${code(page.brokerConfiguration)}`,
    ],
    ['OpenID', `${code(provider.url)}: ann reads reports; ben and cem may also act.`],
    ['Tokens of Azure', code(cloud.identity.url)],
    [
      'A laptop',
      `${code(`XDG_CONFIG_HOME=${page.laptop} keyturn-fetch init`)} signs in as ${code(page.developer.userPrincipalName ?? '')}, <a href="/devicelogin">by a code</a>`,
    ],
    ['Resource Manager', code(cloud.resourceManager.url)],
    ['Microsoft Graph', code(cloud.graph.url)],
    ['Files', `${code(directory)}, emptied at the next start`],
  ];
  return `<h1>The cloud on this machine</h1>
<p>Everything here speaks the real protocols on loopback and ends with <code>keyturn cloud</code>. Nothing leaves this machine.</p>
${table(['what', 'where'], rows)}
<h2>Secrets</h2>
${table(['name', 'versions', 'expires'], trialSecrets.map(secretRow(cloud)))}
<h2>Jobs</h2>
${jobTable(cloud)}`;
}

function secretRow({ vault }: EmbeddedCloud): (secret: { readonly name: string }) => readonly string[] {
  return ({ name }) => {
    const versions = [...vault.versions(name)].sort((a, b) => +b.created - +a.created);
    const disabled = versions.filter(({ enabled }) => !enabled).length;
    const ended = disabled === 0 ? '' : `, ${String(disabled)} disabled`;
    return [
      code(name),
      `${String(versions.length)}${ended}`,
      versions[0]?.expires?.toISOString().slice(0, 10) ?? 'never',
    ];
  };
}

function jobTable({ gitea }: EmbeddedCloud): string {
  const jobs = gitea.jobs();
  if (jobs.length === 0) return '<p>No job has run yet.</p>';
  const rows = [...jobs]
    .reverse()
    .map(({ jobId, name, repository: { fullName }, conclusion, status }) => [
      `<a href="/jobs/${String(jobId)}">${String(jobId)}</a>`,
      escaped(fullName),
      escaped(name),
      escaped(conclusion ?? status),
    ]);
  return table(['log', 'repository', 'job', 'state'], rows);
}

function signInForm({ cloud, developer }: TrialPage): string {
  const waiting = cloud.entra.userCodes().length;
  return `<h1>Sign in by a code</h1>
<p>${count(waiting, 'sign-in')} waiting. Enter the code that <code>keyturn-fetch</code> shows: it then reads as ${code(developer.userPrincipalName ?? '')}.</p>
<form method="post" action="/devicelogin"><label>Code <input name="code" autocomplete="off" required></label> <button>Sign in</button></form>`;
}

/** Only a form of this very page may accept a sign-in; a program that is no browser names no origin. */
function signIn(
  { cloud, developer }: TrialPage,
  headers: Readonly<Record<string, string>>,
  sent: string,
): LoopbackAnswer {
  const origin = headers['origin'] ?? '';
  if (origin !== '' && origin !== `http://${headers['host'] ?? ''}`) return plain(403, 'Another page sent this.');
  const entered = (new URLSearchParams(sent).get('code') ?? '').trim().toUpperCase();
  if (!cloud.entra.userCodes().includes(entered)) return plain(404, 'No sign-in waits for this code.');
  cloud.entra.enterCode(entered, { person: developer });
  return html('<h1>Signed in</h1><p>Go back to the terminal.</p>');
}

function log({ cloud }: TrialPage, jobId: number): LoopbackAnswer {
  const known = cloud.gitea.jobs().some((job) => job.jobId === jobId);
  return known ? plain(200, cloud.gitea.logOf(jobId)) : plain(404, 'There is no such job.');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${line('th', head)}${rows.map((row) => line('td', row)).join('')}</table>`;
}

function html(content: string): LoopbackAnswer {
  const style =
    'body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}';
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>keyturn cloud</title><style>${style}</style>${content}</html>\n`,
  };
}

function plain(status: number, text: string): LoopbackAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` };
}

function link(url: string): string {
  return `<a href="${escaped(url)}">${escaped(url)}</a>`;
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
