import type { Person } from '../../provenance/person.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { Who } from '../caller.ts';
import type { WebPorts } from '../web-ports.ts';

const limitBytes = 1024 * 1024;
const eventGridOrigin = 'eventgrid.azure.net';

/**
 * `POST /events/key-vault` of a self-hosted server. An event is a hint: even a forged one only makes Keyturn look at the
 * vault. The sender must still prove by an Entra token that it is Event Grid, or be this machine if loopback is trusted.
 * A subscription's validation code is only echoed for topics of configured vaults; `validationUrl` is never fetched.
 * Answers 200 for every recorded event, because Event Grid delays the events of other secrets after a failure.
 * Source: Event Grid delivery and retry, webhook validation.
 */
export async function receiveKeyVaultEvent(request: Request, asking: Who, ports: WebPorts): Promise<Response> {
  if (!(await isEventGrid(request, asking, ports))) {
    return Response.json({ error: 'The sender is not Event Grid.' }, { status: 401 });
  }
  const body = parseJson(await readBody(request, limitBytes));
  const events: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (request.headers.get('aeg-event-type') === 'SubscriptionValidation') return validateSubscription(events, ports);

  const outcomes: string[] = [];
  for (const event of events) outcomes.push((await ports.handleVaultEvent(event)).outcome);
  return Response.json({ outcomes });
}

/** `OPTIONS /events/key-vault`: Event Grid's request, for CloudEvents, to deliver here. */
export function allowDelivery(request: Request): Response {
  if (request.headers.get('webhook-request-origin') !== eventGridOrigin) return new Response(null, { status: 403 });
  return new Response(null, {
    headers: { 'webhook-allowed-origin': eventGridOrigin, 'webhook-allowed-rate': '*', allow: 'POST' },
  });
}

async function isEventGrid(request: Request, asking: Who, ports: WebPorts): Promise<boolean> {
  if (asking.kind === 'somebody' && isThisMachine(asking.person)) return true;
  const token = /^Bearer ([\w.~+/=-]{20,16384})$/.exec(request.headers.get('authorization') ?? '')?.[1];
  return token !== undefined && ports.checkEventToken !== null && (await ports.checkEventToken(token));
}

/** Decided by the way in, never by the name, because an account can have any name. */
function isThisMachine(person: Person): boolean {
  return person.kind === 'unnamed' && person.door === 'loopback';
}

function validateSubscription(events: readonly unknown[], ports: WebPorts): Response {
  for (const event of events) {
    const { topic, data } = (event ?? {}) as { topic?: unknown; data?: { validationCode?: unknown } | null };
    if (typeof topic !== 'string' || !ports.isOurTopic(topic.toLowerCase())) continue;
    if (typeof data?.validationCode === 'string') return Response.json({ validationResponse: data.validationCode });
  }
  return Response.json({ error: 'The topic is not one of the configured vaults.' }, { status: 403 });
}
