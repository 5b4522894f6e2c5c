import { isDeepStrictEqual } from 'node:util';
import { jsonProperties } from '../../gitea/json-properties.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { ProviderAnswer } from '../shared/provider-request.ts';
import { webhookCall, type WebhookEndpoint, type WebhookVerb } from './webhook-call.ts';

export interface WebhookCheck {
  /** The check, as a sentence. */
  readonly check: string;
  readonly outcome: 'passed' | 'failed';
  /** The deviation; empty if it passed. Contains no value. */
  readonly found: string;
}

interface Checked {
  readonly endpoint: WebhookEndpoint;
  /** `target` and `principal` as in the policy. The endpoint should have a dedicated target for this check. */
  readonly target: string;
  readonly principal: string;
  /** `webhook` or `webhook-minted`. */
  readonly issuer: 'webhook' | 'webhook-minted';
  /** A value that the endpoint accepts, for `webhook`. */
  readonly proposed: SecretValue;
  /** Distinguishes this run from others: 16 of the letters a-z and 2-7. */
  readonly runId: string;
  readonly now: () => Date;
}

/**
 * Checks everything that the issuer relies on at an operator's own endpoint, in the order of a rotation. Creates one
 * credential with the name of this run and revokes it again.
 */
export async function* checkWebhook(checked: Checked): AsyncIterable<WebhookCheck> {
  yield* checkSignatures(checked);
  const name = `keyturn.contract-check.${checked.runId}.1`;
  yield await expects(
    checked,
    'knows nothing of this run before it begins',
    'describe',
    {},
    (answer) => !namesIn(answer).has(name),
  );
  const made: Made = { credentialId: '', value: checked.proposed };
  yield* checkMaking(checked, name, made);
  yield* checkVerifying(checked, made);
  yield* checkEnding(checked, name, made);
}

/** The credential of this run, once the endpoint has created it. */
interface Made {
  credentialId: string;
  value: SecretValue;
}

/** The deviations of one request that the endpoint must refuse. */
type Change = Partial<{ readonly endpoint: WebhookEndpoint; readonly now: Date }>;

async function* checkSignatures(checked: Checked): AsyncIterable<WebhookCheck> {
  const { endpoint, runId, now } = checked;
  const signatures: [string, Change][] = [
    [
      'refuses a request that another key signed',
      { endpoint: { ...endpoint, signingKey: new SecretValue(`${runId}-other`) } },
    ],
    ['refuses a request that is more than five minutes old', { now: new Date(now().getTime() - 600_000) }],
    ['refuses a request from more than five minutes ahead', { now: new Date(now().getTime() + 600_000) }],
  ];
  for (const [check, change] of signatures) {
    yield await attempt(
      check,
      () => call(checked, 'describe', {}, change),
      (answer) => [401, 403].includes(answer.status),
    );
  }
}

async function* checkMaking(checked: Checked, name: string, made: Made): AsyncIterable<WebhookCheck> {
  const isMinted = checked.issuer === 'webhook-minted';
  const verb = isMinted ? 'create' : 'apply';
  const body = isMinted ? { name } : { name, value: checked.proposed.reveal() };
  yield await expects(checked, 'makes a credential and tells its id', verb, body, (answer) => {
    const properties = jsonProperties(answer.body);
    const [id, minted] = [properties.get('credentialId'), properties.get('value')];
    if (typeof minted === 'string') made.value = new SecretValue(minted);
    made.credentialId = typeof id === 'string' ? id : '';
    return /^[A-Za-z1-9][\w.:#@-]{0,127}$/.test(made.credentialId) && (!isMinted || typeof minted === 'string');
  });
  yield await expects(checked, 'makes no second one for the same Idempotency-Key', verb, body, (answer) =>
    answer.status === 409 ? isMinted : jsonProperties(answer.body).get('credentialId') === made.credentialId,
  );
  yield await expects(
    checked,
    'describes the credential by its name',
    'describe',
    {},
    (answer) => namesIn(answer).get(name) === made.credentialId,
  );
}

async function* checkVerifying(checked: Checked, { credentialId, value }: Made): AsyncIterable<WebhookCheck> {
  const good = { credentialId, value: value.reveal() };
  const works = says({ outcome: 'works', principal: checked.principal });
  yield await expects(checked, 'says that it works, and who it is', 'verify', good, works);
  const bad = { credentialId, value: `${value.reveal().slice(0, -4)}0000` };
  yield await expects(
    checked,
    'refuses another value, and lets nobody in',
    'verify',
    bad,
    says({ outcome: 'refused', authenticated: false }),
  );
}

async function* checkEnding(checked: Checked, name: string, made: Made): AsyncIterable<WebhookCheck> {
  const { credentialId } = made;
  yield await expects(checked, 'ends the credential', 'revoke', { credentialId }, says({ outcome: 'revoked' }));
  yield await expects(
    checked,
    'finds it gone when it is asked again',
    'revoke',
    { credentialId },
    says({ outcome: 'absent' }),
  );
  yield await expects(
    checked,
    'lets the ended credential in no more',
    'verify',
    { credentialId, value: made.value.reveal() },
    says({ outcome: 'refused', authenticated: false }),
  );
  yield await expects(checked, 'describes it no more', 'describe', {}, (answer) => !namesIn(answer).has(name));
}

async function expects(
  checked: Checked,
  check: string,
  verb: WebhookVerb,
  body: Readonly<Record<string, unknown>>,
  holds: (answer: ProviderAnswer) => boolean,
): Promise<WebhookCheck> {
  return await attempt(check, () => call(checked, verb, body), holds);
}

async function call(
  { endpoint, issuer, runId, target, now }: Checked,
  verb: WebhookVerb,
  given: Readonly<Record<string, unknown>>,
  change: Change = {},
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
