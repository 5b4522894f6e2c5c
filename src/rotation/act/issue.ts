import { ServiceError } from '../../service-error.ts';
import { questionFor, stagingAccess } from '../observe/look.ts';
import { readStaged, stagedVersion, stagingPlace } from '../observe/staging.ts';
import { bindingFor, firstMember } from '../observe/target.ts';
import { operationOn, placeIn, requireLatest, requireStore } from '../observe/vault-access.ts';
import type { IssuedCredential } from '../ports/credential-issuer.ts';
import { publishedTags } from '../published-tags.ts';
import { conclude, intend, record, requireTime, type Run, stateOf, type Step, vaultTime, withDeadline } from './run.ts';
import { attemptOf, openAttempt } from '../journal/target-state.ts';
import { sendWithinMs } from '../decide/clocks.ts';

type WithCredential = { readonly act: 'stage' | 'issue' | 'verify' | 'repair' | 'end'; readonly credential: string };

/** Puts a value that cannot be read back where a resume finds it: the chosen one before, the minted one after the provider hears of it. */
export const stage: readonly Step<WithCredential>[] = [
  async (run) => {
    requireRoomForTags(run);
    run.found = { pending: run.worker.remembered.get(run.act.credential) ?? (await proposed(run)) };
  },
  async (run) => {
    const member = stagingPlace(run.target.tools.staging.vault, firstMember(run.target));
    await intend(run, { credential: run.act.credential }, [operationOn(run.target.tools, 'SecretSet', member, null)]);
  },
  async (run) => {
    const { target, act, found, worker } = run;
    if (found.pending === undefined) return;
    const member = stagingPlace(target.tools.staging.vault, firstMember(target));
    const version = await stagedVersion(stagingAccess(target, worker), act.credential, found.pending, vaultTime(run));
    requireTime(run);
    const added = await requireStore(target.tools, placeIn(member).vault).add(withDeadline(run, version));
    worker.remembered.set(act.credential, found.pending);
    worker.operations.push(operationOn(target.tools, 'SecretSet', member, added.version));
    run.found = { ...found, version: added };
  },
  async (run) => {
    const version = run.found.version?.version;
    await conclude(run, { credential: run.act.credential, ...(version === undefined ? {} : { version }) });
  },
];

/** Makes the attempt's credential real at the provider. What is set in place is preceded by a last look at the vault. */
export const issue: readonly Step<WithCredential>[] = [
  async (run) => {
    const { target, worker, act, sight } = run;
    requireRoomForTags(run);
    const request = await questionFor(target, worker, sight.observation, act.credential, { withinMs: sendWithinMs });
    const { credentialClass } = target.issuer;
    const isChosen = credentialClass === 'chosen';
    // Without the value in force an issuer could not tell which user, or which key, is the other one.
    if (request.current === null && stateOf(run).desired !== null && (isChosen || credentialClass === 'read-back')) {
      const { vault, name: secret } = target.terms.bindings[0];
      throw new ServiceError('DESIRED_VALUE_LOST', { vault, secret });
    }
    run.found = { request, ...(isChosen ? { pending: await pendingCredential(run) } : {}) };
  },
  async (run) => await intend(run, { credential: run.act.credential }),
  lastLook,
  async (run) => {
    const { found, target, worker, act } = run;
    if (found.request === undefined) return;
    requireTime(run);
    const request = withDeadline(run, found.request);
    const issued = await target.issuer.issue(request, found.pending?.value ?? null);
    // What the provider tells again is asked for again: another worker may have shown that to work.
    if (target.issuer.credentialClass !== 'read-back') worker.remembered.set(act.credential, issued);
    run.found = { ...found, issued };
  },
  async (run) => {
    const { issued } = run.found;
    const held = run.target.issuer.credentialClass === 'minted';
    await conclude(run, {
      credential: run.act.credential,
      ...(issued === undefined ? {} : { credentialId: issued.credentialId }),
      ...(held ? { heldUntil: new Date(vaultTime(run).getTime() + sendWithinMs).toISOString() } : {}),
    });
  },
];

/** Uses the new credential before anybody else does. */
export const verify: readonly Step<WithCredential>[] = [
  async (run) => {
    const { target, worker, act, sight } = run;
    const request = await questionFor(target, worker, sight.observation, act.credential);
    run.found = { request, pending: await pendingCredential(run) };
  },
  async (run) => {
    const { request, pending } = run.found;
    if (request === undefined || pending === undefined) return;
    run.found = { ...run.found, shown: await run.target.issuer.verify(request, pending) };
  },
  async (run) => {
    const { found, act, target } = run;
    const details = { issuer: target.issuer.name, secret: target.terms.bindings[0].name };
    switch (found.shown?.outcome) {
      case 'works': {
        const text = [`principal ${found.shown.principal}`, ...found.shown.notes].join('; ');
        return await conclude(run, { credential: act.credential, text });
      }
      case 'refused':
        throw new ServiceError('CREDENTIAL_REFUSED', details);
      case 'not-yet':
        return await notYet(run);
      case undefined:
        throw new ServiceError('CREDENTIAL_NOT_READY', details);
      default:
        return found.shown satisfies never;
    }
  },
];

/** How long a provider may need until a credential works everywhere: Entra needs seconds, seldom minutes. */
const propagationMs = 300_000;

/** Each wait is as long as all before it: 2, 4, 8 … seconds, from the first look on. It costs no try. */
async function notYet(run: Run<WithCredential>): Promise<void> {
  const now = vaultTime(run).getTime();
  const issuedAt = openAttempt(stateOf(run))?.issuedAt;
  const waitedMs = now - (Date.parse(issuedAt ?? '') || now);
  const details = { issuer: run.target.issuer.name, secret: run.target.terms.bindings[0].name };
  if (waitedMs >= propagationMs) throw new ServiceError('CREDENTIAL_NOT_READY', details);
  const retryAt = new Date(now + Math.min(Math.max(waitedMs, 2_000), 60_000)).toISOString();
  const { tries, cycle } = stateOf(run).failures.get(`verify ${rotationOf(run.act.credential)}`) ?? {
    tries: 0,
    cycle: 0,
  };
  await conclude(run, { credential: run.act.credential, failure: 'CREDENTIAL_NOT_READY', tries, cycle, retryAt });
}

function rotationOf(credential: string): string {
  return credential.slice(0, credential.lastIndexOf('.'));
}

/** Sets the value in force once more where the provider has come to know another one. */
export const repair: readonly Step<WithCredential>[] = [
  async (run) => {
    const { target, worker, act, sight } = run;
    const request = await questionFor(target, worker, sight.observation, act.credential, { withinMs: sendWithinMs });
    if (request.current === null) {
      const { vault, name: secret } = target.terms.bindings[0];
      throw new ServiceError('DESIRED_VALUE_LOST', { vault, secret });
    }
    run.found = { request, value: request.current };
  },
  async (run) => await intend(run, { credential: run.act.credential }),
  lastLook,
  async (run) => {
    const { request, value } = run.found;
    if (request === undefined || value === undefined) return;
    requireTime(run);
    const sent = withDeadline(run, request);
    run.found = { ...run.found, issued: await run.target.issuer.issue(sent, value) };
  },
  async (run) => {
    const { request, value, issued } = run.found;
    if (request === undefined || value === undefined || issued === undefined) return;
    const shown = await run.target.issuer.verify(request, { credentialId: issued.credentialId, value });
    if (shown.outcome !== 'refused') return;
    throw new ServiceError('CREDENTIAL_REFUSED', {
      issuer: run.target.issuer.name,
      secret: run.target.terms.bindings[0].name,
    });
  },
  async (run) => {
    run.worker.checkedAt = null;
    const { issued } = run.found;
    await conclude(run, {
      credential: run.act.credential,
      ...(issued === undefined ? {} : { credentialId: issued.credentialId }),
    });
  },
];

/** What is about to be set in place must be looked at as late as can be: another publisher may just have set the other key, or user. */
export async function lastLook(run: Run): Promise<void> {
  const { target } = run;
  const { credentialClass } = target.issuer;
  if (run.act.act === 'issue' && credentialClass !== 'chosen' && credentialClass !== 'read-back') return;
  const state = stateOf(run);
  for (const [member, version] of state.current) {
    const latest = await requireLatest(target.tools, member);
    if (latest.version === version && (latest.enabled || state.retiredAt !== null)) continue;
    const { vault, name: secret } = placeIn(member);
    throw new ServiceError('NEWEST_VERSION_CHANGED', { vault, secret, version: latest.version });
  }
}

/**
 * The credential of the attempt under way, from memory, from staging, or from the provider that tells it again.
 * @throws ServiceError `STAGED_VALUE_LOST`, `STAGED_VALUE_REFUSED`, or `CREDENTIAL_NOT_READY` when the provider has none.
 */
export async function pendingCredential(run: Run<WithCredential> | Run): Promise<IssuedCredential> {
  const { target, worker, act, sight } = run;
  const key = 'credential' in act ? act.credential : '';
  const state = stateOf(run);
  const credentialId = state.credentials.get(key)?.credentialId ?? null;
  const remembered = worker.remembered.get(key);
  if (remembered !== undefined) return { ...remembered, credentialId: credentialId ?? remembered.credentialId };
  const staged = [...state.staged].findLast(([, credential]) => credential === key)?.[0];
  if (staged !== undefined) {
    const found = await readStaged(stagingAccess(target, worker), key, staged);
    // A chosen value is staged before the provider has named its credential.
    return { ...found, credentialId: credentialId ?? found.credentialId };
  }
  const found = await target.issuer.describe(await questionFor(target, worker, sight.observation, key));
  if (found.outcome === 'present' && found.value !== null)
    return { credentialId: found.credentialId, value: found.value };
  const [{ name: secret }] = target.terms.bindings;
  throw new ServiceError('CREDENTIAL_NOT_READY', { issuer: target.issuer.name, secret });
}

async function proposed({ target, worker, act, sight }: Run<WithCredential>): Promise<IssuedCredential> {
  const request = await questionFor(target, worker, sight.observation, act.credential);
  const value = target.issuer.propose(request);
  const [{ name: secret }] = target.terms.bindings;
  if (value === null) throw new ServiceError('CREDENTIAL_REFUSED', { issuer: target.issuer.name, secret });
  return { credentialId: 'proposed', value };
}

/** The next attempt gets another value where the provider's policy refused this one, and shows that it did not take it. */
export async function loseRefused(run: Run<WithCredential>, error: unknown): Promise<void> {
  const { act, target, found } = run;
  const { credentialClass } = target.issuer;
  const state = stateOf(run);
  if (openAttempt(state)?.credential !== act.credential || state.pending !== null) return;
  const isRefused =
    act.act === 'verify' && credentialClass === 'minted' && ServiceError.is(error, 'CREDENTIAL_REFUSED');
  const isForbidden = act.act === 'issue' && ServiceError.is(error, 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY');
  if (!isRefused && !isForbidden) return;
  if (isForbidden && found.request !== undefined && found.pending !== undefined) {
    const shown = await target.issuer.verify(found.request, found.pending);
    if (shown.outcome !== 'refused' || shown.authenticated) return;
  }
  const rotationId = rotationOf(act.credential);
  const used = [...state.credentials.keys()].filter((key) => key.startsWith(`${rotationId}.`)).map(attemptOf);
  await record(run, 'note', 'lose', {
    credential: act.credential,
    next: `${rotationId}.${String(Math.max(...used) + 1)}`,
    why: isRefused ? 'refused' : 'refused-by-policy',
  });
}

/** Too many tags are refused here, rather than with a new credential in hand. */
function requireRoomForTags(run: Run<WithCredential>): void {
  const { target, sight } = run;
  for (const [member, newest] of sight.observation.newest) {
    const { vault, name: secret } = placeIn(member);
    publishedTags({ vault, secret }, newest?.tags ?? {}, {
      environment: bindingFor(target, member).environment,
      expires: sight.observation.now,
      rotationId: run.act.credential,
      rotatedFrom: newest?.version ?? null,
      credentialId: 'to be issued',
    });
  }
}
