import type { Person } from '../../provenance/person.ts';
import { parseJson, readBody } from '../read-body.ts';
import type { Who } from '../caller.ts';
import type { WebPorts } from '../web-ports.ts';

const limitBytes = 1024 * 1024;
const eventGridOrigin = 'eventgrid.azure.net';

/**
 * `POST /events/key-vault` of a self-hosted server. An event is a hint, so even a forged one makes Keyturn only look at
 * the vault; still the sender must be Event Grid by an Entra token, or this machine where loopback is trusted.
 * A subscription's validation code is echoed for topics of our vaults alone; `validationUrl` is never fetched.
 * 200 for every event that was recorded: a failing answer would make Event Grid hold back the events of other secrets.
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

/** `OPTIONS /events/key-vault`: how Event Grid asks, for CloudEvents, whether it may deliver here. */
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

/** By the way in, never by the name: an account may be called anything. */
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
