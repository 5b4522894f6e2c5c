import { parseJson, readBody } from '../read-body.ts';
import type { WebPorts } from '../web-ports.ts';

const limitBytes = 4 * 1024 * 1024;

/**
 * `POST /events/gitea`: a `workflow_job` delivery. Its raw bytes are verified before anything is parsed. It only
 * triggers a poll, because repository administrators know a hook's secret and a delivery can be replayed.
 * Answers 401 for a missing or wrong signature and stores nothing; otherwise 202, because Gitea stops waiting after five
 * seconds.
 */
export async function receiveGiteaEvent(request: Request, ports: WebPorts): Promise<Response> {
  if (ports.checkGiteaSignature === null) {
    return Response.json({ error: 'No webhook secret is configured.' }, { status: 404 });
  }
  const body = await readBody(request, limitBytes);
  if (!(await ports.checkGiteaSignature(body, request.headers.get('x-gitea-signature')))) {
    return Response.json({ error: 'The signature is missing or wrong.' }, { status: 401 });
  }
  const event = request.headers.get('x-gitea-event');
  if (event !== 'workflow_job' && event !== 'workflow_run') return new Response(null, { status: 204 });
  await ports.onGiteaDelivery(parseJson(body));
  return new Response(null, { status: 202 });
}
