import { isDeepStrictEqual } from 'node:util';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { ProviderAnswer } from '../shared/provider-request.ts';
import { webhookCall, type WebhookEndpoint, type WebhookVerb } from './webhook-call.ts';

export interface WebhookCheck {
  /** What was looked at, as a sentence. */
  readonly check: string;
  readonly outcome: 'passed' | 'failed';
  /** What was found instead; empty when it passed. Without any value. */
  readonly found: string;
}

interface Checked {
  readonly endpoint: WebhookEndpoint;
  /** What `target` and `principal` say in the policy. The endpoint should have them for this purpose alone. */
  readonly target: string;
  readonly principal: string;
  /** `webhook` or `webhook-minted`. */
  readonly issuer: 'webhook' | 'webhook-minted';
  /** A value that the endpoint accepts, for `webhook`. */
  readonly proposed: SecretValue;
  /** Distinguishes this run from others, of the letters a-z and 2-7, 16 of them. */
  readonly runId: string;
  readonly now: () => Date;
}

/**
 * Runs an operator's own endpoint through everything that the issuer relies on, in the order of a rotation, and says what it found.
 * It makes one credential under the name of this run and ends it again.
 */
export async function* checkWebhook(checked: Checked): AsyncIterable<WebhookCheck> {
  const { endpoint, target, principal, issuer, proposed, runId, now } = checked;
  const name = `keyturn.contract-check.${runId}.1`;
  const making = issuer === 'webhook' ? 'apply' : 'create';
  const body = issuer === 'webhook' ? { name, value: proposed.reveal() } : { name };
  const signatures: [string, Partial<{ endpoint: WebhookEndpoint; now: Date }>][] = [
    [
      'refuses a request that another key signed',
      { endpoint: { ...endpoint, signingKey: new SecretValue(`${runId}-other`) } },
    ],
    ['refuses a request that is more than five minutes old', { now: new Date(now().getTime() - 600_000) }],
    ['refuses a request from more than five minutes ahead', { now: new Date(now().getTime() + 600_000) }],
  ];
  for (const [check, change] of signatures) yield await refuses(check, change);

  yield await expects(
    'knows nothing of this run before it begins',
    'describe',
    {},
    (answer) => !namesIn(answer).has(name),
  );
  let credentialId = '';
  let value = proposed;
  yield await expects('makes a credential and tells its id', making, body, (answer) => {
    const properties = jsonProperties(answer.body);
    const [id, minted] = [properties.get('credentialId'), properties.get('value')];
    if (typeof minted === 'string') value = new SecretValue(minted);
    credentialId = typeof id === 'string' ? id : '';
    return /^[A-Za-z1-9][\w.:#@-]{0,127}$/.test(credentialId) && (issuer === 'webhook' || typeof minted === 'string');
  });
  yield await expects('makes no second one for the same Idempotency-Key', making, body, (answer) =>
    answer.status === 409
      ? issuer === 'webhook-minted'
      : jsonProperties(answer.body).get('credentialId') === credentialId,
  );
  yield await expects(
    'describes the credential by its name',
    'describe',
    {},
    (answer) => namesIn(answer).get(name) === credentialId,
  );
  const good = () => ({ credentialId, value: value.reveal() });
  yield await expects('says that it works, and who it is', 'verify', good, says({ outcome: 'works', principal }));
  const bad = () => ({ credentialId, value: `${value.reveal().slice(0, -4)}0000` });
  yield await expects(
    'refuses another value, and lets nobody in',
    'verify',
    bad,
    says({ outcome: 'refused', authenticated: false }),
  );
  const id = () => ({ credentialId });
  yield await expects('ends the credential', 'revoke', id, says({ outcome: 'revoked' }));
  yield await expects('finds it gone when it is asked again', 'revoke', id, says({ outcome: 'absent' }));
  yield await expects(
    'lets the ended credential in no more',
    'verify',
    good,
    says({ outcome: 'refused', authenticated: false }),
  );
  yield await expects('describes it no more', 'describe', {}, (answer) => !namesIn(answer).has(name));

  async function refuses(
    check: string,
    change: Partial<{ endpoint: WebhookEndpoint; now: Date }>,
  ): Promise<WebhookCheck> {
    return await attempt(
      check,
      () => call('describe', {}, change),
      (answer) => [401, 403].includes(answer.status),
    );
  }

  async function expects(
    check: string,
    verb: WebhookVerb,
    given: Record<string, unknown> | (() => Record<string, unknown>),
    holds: (answer: ProviderAnswer) => boolean,
  ): Promise<WebhookCheck> {
    return await attempt(check, () => call(verb, typeof given === 'function' ? given() : given), holds);
  }

  async function call(
    verb: WebhookVerb,
    given: Record<string, unknown>,
    change: Partial<{ endpoint: WebhookEndpoint; now: Date }> = {},
  ): Promise<ProviderAnswer> {
    const at = change.now ?? now();
    const unique =
      verb === 'verify' || verb === 'describe' ? `.${String(at.getTime())}.${String(performance.now())}` : '';
    return await webhookCall(change.endpoint ?? endpoint, {
      issuer,
      verb,
      id: `${runId}.1.${verb}${unique}`,
      body: { target, ...given },
      now: at,
      signal: AbortSignal.timeout(60_000),
      statuses: [400, 401, 403, 409, 422],
    });
  }
}

async function attempt(
  check: string,
  ask: () => Promise<ProviderAnswer>,
  holds: (answer: ProviderAnswer) => boolean,
): Promise<WebhookCheck> {
  try {
    const answer = await ask();
    const passed = holds(answer);
    return {
      check,
      outcome: passed ? 'passed' : 'failed',
      found: passed ? '' : `another answer, status ${String(answer.status)}`,
    };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { check, outcome: 'failed', found: `${error.code} ${JSON.stringify(error.details)}` };
  }
}

function says(wanted: Readonly<Record<string, unknown>>): (answer: ProviderAnswer) => boolean {
  return ({ status, body }) => {
    const given = jsonProperties(body);
    return status === 200 && Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(given.get(name), value));
  };
}

function namesIn({ body }: ProviderAnswer): ReadonlyMap<string, string> {
  const credentials = jsonProperties(body).get('credentials');
  if (!Array.isArray(credentials)) return new Map([['', 'no list']]);
  return new Map(
    credentials.map(jsonProperties).map((one) => [String(one.get('name')), String(one.get('credentialId'))] as const),
  );
}
