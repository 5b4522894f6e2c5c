import { html } from 'hono/html';
import { page, wantsJson } from './design/page.ts';
import type { PortalVisit } from './portal-visit.ts';
import { showRefusal } from './show-refusal.ts';

/**
 * `GET /job-log?job=owner/name run/job.attempt`: the log of a job of the embedded cloud, so that its story can be followed to the
 * end. Beside a real Gitea this page does not exist: Gitea decides who may see the log of a job.
 */
export async function showJobLog({ request, query, asking, ports }: PortalVisit): Promise<Response> {
  const name = query.get('job') ?? '';
  if (ports.jobLog === null) return await showRefusal(request, 404, 'Gitea itself shows the logs of its jobs.');
  const log = await ports.jobLog(name);
  if (log === null) return await showRefusal(request, 404, 'Gitea has no log of such a job, or of this attempt of it.');
  if (wantsJson(request)) return Response.json({ job: name, log });
  return await page(
    'Log of a job',
    html`<p class="small"><a href="/reads?job=${encodeURIComponent(name)}">What this job read</a></p><h1>Log of ${name}</h1>
<p class="lead">As the embedded Gitea keeps it, after the runner's masks and the helper's redaction.</p>
<pre>${log}</pre>`,
    { asking, at: '/reads' },
  );
}
