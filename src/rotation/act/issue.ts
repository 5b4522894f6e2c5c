import { ServiceError } from '../../service-error.ts';
import { sendWithinMs } from '../decide/clocks.ts';
import type { ActOf, CredentialAct } from '../decide/decision.ts';
import { failureKey, openAttempt } from '../journal/target-state.ts';
import { questionFor, stagingAccess } from '../observe/look.ts';
import { readStaged, stagedVersion, stagingPlace } from '../observe/staging.ts';
import { bindingFor, firstMember, issuerAndSecret, valueLost, stateOf } from '../observe/target.ts';
import { requireLatest, requireStore } from '../observe/vault-access.ts';
import type { IssuedCredential } from '../ports/credential-issuer.ts';
import { publishedTags } from '../published-tags.ts';
import { nextAttempt, rotationOf } from '../rotation-id.ts';
import { placeIn } from '../rotation-unit.ts';
import { conclude, intend, operated, record, type Run, type Step, vaultTime, withDeadline } from './run.ts';

/** Puts a value that cannot be read back where a resume finds it: the chosen one before, the minted one after the provider hears of it. */
export const stage: readonly Step<CredentialAct>[] = [
  async (run) => {
    requireRoomForTags(run);
    run.found = { pending: run.worker.remembered.get(run.act.credential) ?? (await proposed(run)) };
  },
  async (run) => await intend(run, ['SecretSet', stagedAt(run), null]),
  async (run) => {
    const { target, act, found, worker } = run;
    if (found.pending === undefined) return;
    const version = await stagedVersion(stagingAccess(target, worker), act.credential, found.pending, vaultTime(run));
    const store = requireStore(target.tools, placeIn(stagedAt(run)).vault);
    const added = await store.add(withDeadline(run, version));
    worker.remembered.set(act.credential, found.pending);
    operated(run, 'SecretSet', stagedAt(run), added.version);
    run.found = { ...found, version: added };
  },
  async (run) => await conclude(run, { version: run.found.version?.version }),
];

function stagedAt({ target }: Run<CredentialAct>): string {
  return stagingPlace(target.tools.staging.vault, firstMember(target));
}

/** Makes the attempt's credential real at the provider. What is set in place is preceded by a last look at the vault. */
export const issue: readonly Step<CredentialAct>[] = [
  async (run) => {
    const { target, worker, act, sight } = run;
    requireRoomForTags(run);
    const request = await questionFor(target, worker, sight.observation, act.credential, sendWithinMs);
    const { credentialClass } = target.issuer;
    const isChosen = credentialClass === 'chosen';
    // Without the value in force an issuer could not tell which user, or which key, is the other one.
    if (request.current === null && stateOf(run).desired !== null && (isChosen || credentialClass === 'read-back'))
      throw valueLost(firstMember(target));
    run.found = { request, ...(isChosen && { pending: await pendingCredential(run) }) };
  },
  async (run) => await intend(run),
  lastLook,
  async (run) => {
    const { found, target, worker, act } = run;
    if (found.request === undefined) return;
    const issued = await target.issuer.issue(withDeadline(run, found.request), found.pending?.value ?? null);
    // What the provider tells again is asked for again: another worker may have shown that to work.
    if (target.issuer.credentialClass !== 'read-back') worker.remembered.set(act.credential, issued);
    run.found = { ...found, issued };
  },
  async (run) => {
    const held = new Date(vaultTime(run).getTime() + sendWithinMs).toISOString();
    const heldUntil = run.target.issuer.credentialClass === 'minted' ? held : undefined;
    await conclude(run, { credentialId: run.found.issued?.credentialId, heldUntil });
  },
];

/** Uses the new credential before anybody else does. */
export const verify: readonly Step<CredentialAct>[] = [
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
    const { shown } = run.found;
    switch (shown?.outcome) {
      case 'works':
        return await conclude(run, { text: [`principal ${shown.principal}`, ...shown.notes].join('; ') });
      case 'refused':
        throw new ServiceError('CREDENTIAL_REFUSED', issuerAndSecret(run.target));
      case 'not-yet':
        return await notYet(run);
      case undefined:
        throw new ServiceError('CREDENTIAL_NOT_READY', issuerAndSecret(run.target));
      default:
        return shown satisfies never;
    }
  },
];

/** How long a provider may need until a credential works everywhere: Entra needs seconds, seldom minutes. */
const propagationMs = 300_000;

/** Each wait is as long as all before it: 2, 4, 8 … seconds, from the first look on. It costs no try. */
async function notYet(run: Run<CredentialAct>): Promise<void> {
  const state = stateOf(run);
  const now = vaultTime(run).getTime();
  const waitedMs = now - (Date.parse(openAttempt(state)?.issuedAt ?? '') || now);
  if (waitedMs >= propagationMs) throw new ServiceError('CREDENTIAL_NOT_READY', issuerAndSecret(run.target));
  const retryAt = new Date(now + Math.min(Math.max(waitedMs, 2_000), 60_000)).toISOString();
  const { tries = 0, cycle = 0 } = state.failures.get(failureKey('verify', run.act.credential)) ?? {};
  await conclude(run, { failure: 'CREDENTIAL_NOT_READY', tries, cycle, retryAt });
}

/** Sets the value in force once more where the provider has come to know another one. */
export const repair: readonly Step<CredentialAct>[] = [
  async (run) => {
    const { target, worker, act, sight } = run;
    const request = await questionFor(target, worker, sight.observation, act.credential, sendWithinMs);
    if (request.current === null) throw valueLost(firstMember(target));
    run.found = { request, value: request.current };
  },
  async (run) => await intend(run),
  lastLook,
  async (run) => {
    const { request, value } = run.found;
    if (request === undefined || value === undefined) return;
    run.found = { ...run.found, issued: await run.target.issuer.issue(withDeadline(run, request), value) };
  },
  async (run) => {
    const { request, value, issued } = run.found;
    if (request === undefined || value === undefined || issued === undefined) return;
    const shown = await run.target.issuer.verify(request, { credentialId: issued.credentialId, value });
    if (shown.outcome === 'refused') throw new ServiceError('CREDENTIAL_REFUSED', issuerAndSecret(run.target));
  },
  async (run) => {
    run.worker.checkedAt = null;
    await conclude(run, { credentialId: run.found.issued?.credentialId });
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
export async function pendingCredential(run: Run<CredentialAct | ActOf<'publish'>>): Promise<IssuedCredential> {
  const { target, worker, act, sight } = run;
  const key = act.credential;
  const state = stateOf(run);
  const credentialId = state.credentials.get(key)?.credentialId;
  const staged = [...state.staged].findLast(([, credential]) => credential === key)?.[0];
  const kept =
    worker.remembered.get(key) ??
    (staged === undefined ? null : await readStaged(stagingAccess(target, worker), key, staged));
  // A chosen value is staged before the provider has named its credential.
  if (kept !== null) return { ...kept, credentialId: credentialId ?? kept.credentialId };
  const found = await target.issuer.describe(await questionFor(target, worker, sight.observation, key));
  if (found.outcome === 'present' && found.value !== null)
    return { credentialId: found.credentialId, value: found.value };
  throw new ServiceError('CREDENTIAL_NOT_READY', issuerAndSecret(target));
}

/** A value that the issuer chooses by the target's rules. @throws ServiceError `CREDENTIAL_REFUSED`. */
export async function proposed(
  { target, worker, act, sight }: Run<CredentialAct | ActOf<'publish'>>,
  credentialId = 'proposed',
): Promise<IssuedCredential> {
  const value = target.issuer.propose(await questionFor(target, worker, sight.observation, act.credential));
  if (value === null) throw new ServiceError('CREDENTIAL_REFUSED', issuerAndSecret(target));
  return { credentialId, value };
}

/** The next attempt gets another value where the provider's policy refused this one, and shows that it did not take it. */
export async function loseRefused(run: Run<CredentialAct>, error: unknown): Promise<void> {
  const { act, target, found } = run;
  const state = stateOf(run);
  if (openAttempt(state)?.credential !== act.credential || state.pending !== null) return;
  const isMinted = target.issuer.credentialClass === 'minted';
  const isRefused = act.act === 'verify' && isMinted && ServiceError.is(error, 'CREDENTIAL_REFUSED');
  const isForbidden = act.act === 'issue' && ServiceError.is(error, 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY');
  if (!isRefused && !isForbidden) return;
  if (isForbidden && found.request !== undefined && found.pending !== undefined) {
    const shown = await target.issuer.verify(found.request, found.pending);
    if (shown.outcome !== 'refused' || shown.authenticated) return;
  }
  const next = nextAttempt(rotationOf(act.credential), state.credentials.keys());
  const why = isRefused ? 'refused' : 'refused-by-policy';
  await record(run, 'note', 'lose', { credential: act.credential, next, why });
}

/** Too many tags are refused here, rather than with a new credential in hand. */
function requireRoomForTags(run: Run<CredentialAct>): void {
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
