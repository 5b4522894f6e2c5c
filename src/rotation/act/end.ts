import { ServiceError } from '../../service-error.ts';
import type { CredentialAct } from '../decide/decision.ts';
import { approvalsFor } from '../decide/questions.ts';
import { sharesSlot } from '../decide/attempt-rule.ts';
import type { Credential } from '../journal/target-state.ts';
import { sendWithinMs } from '../decide/clocks.ts';
import { valueOf } from '../observe/credential-values.ts';
import { questionFor, stagingAccess } from '../observe/look.ts';
import { issuerAndSecret, stateOf } from '../observe/target.ts';
import type { IssueRequest } from '../ports/credential-issuer.ts';
import { parseAttemptId } from '../rotation-id.ts';
import { lastLook } from './issue.ts';
import { conclude, intend, record, type Run, type Step, vaultTime, withDeadline } from './run.ts';

type EndShown = 'dead' | 'disabled-only' | 'cannot-be-shown';
type End = CredentialAct;

/** How long a provider may go on accepting what it has revoked, before its end counts as not shown. */
const revocationSpreadMs = 300_000;
const lookAgainMs = 30_000;

/** Ends one credential by its id and tries its value once, beside a success of the one in force. */
export const end: readonly Step<End>[] = [
  async (run) => {
    const { target, worker, sight, act } = run;
    if (target.issuer.credentialClass === 'self') return await ended(run, 'disabled-only');
    const state = stateOf(run);
    const about = state.desired ?? act.credential;
    const request = await questionFor(target, worker, sight.observation, about, sendWithinMs);
    run.found = { request };
    const credential = credentialOf(run);
    if (credential.served && state.retiredAt === null) await requireInForce(run, request);
    if (!(await isOursToEnd(run, credential))) return await ended(run, 'disabled-only');
    const without = await endedWithout(run, request, credential);
    if (without !== null) await ended(run, without);
  },
  async (run) => await intend(run, null, { credentialId: (await idToEnd(run)) ?? undefined }),
  lastLook,
  async (run) => {
    const { found, target } = run;
    const credential = credentialOf(run);
    if (found.request === undefined || credential.credentialId === null) return;
    if (sharesSlot(stateOf(run), credential) && stateOf(run).retiredAt === null) return;
    const { rotations } = stateOf(run);
    // What has leaked may have opened sessions that outlive it.
    const emergency = rotations.some(({ from, claim }) => from === credential.key && claim.emergency);
    const request = withDeadline(run, { ...found.request, emergency });
    const revoked = await target.issuer.revoke(request, credential.credentialId);
    if (revoked.outcome === 'revoked' && revoked.sessions !== undefined)
      run.found = { ...found, sessions: revoked.sessions };
  },
  async (run) => {
    const { target, worker, act } = run;
    const value = await valueOf(stagingAccess(target, worker), stateOf(run), act.credential);
    if (value === null) return await concluded(run, 'cannot-be-shown');
    run.found = { ...run.found, value };
  },
  async (run) => {
    const { found, target } = run;
    const credential = credentialOf(run);
    const { request, value } = found;
    if (request === undefined || value === undefined) return;
    const tried = await target.issuer.verify(request, { credentialId: credential.credentialId ?? '', value });
    // A refusal counts only beside a success: a firewall refuses both.
    if (tried.outcome === 'refused' && !tried.authenticated) {
      if (stateOf(run).retiredAt === null) await requireInForce(run, request);
      return await concluded(run, 'dead');
    }
    const since = vaultTime(run).getTime() - (Date.parse(credential.endingSince ?? '') || 0);
    const isUnknown = credential.credentialId === null;
    if (isUnknown || since >= revocationSpreadMs) return await concluded(run, 'cannot-be-shown');
    const retryAt = new Date(vaultTime(run).getTime() + lookAgainMs).toISOString();
    await conclude(run, { failure: 'CREDENTIAL_NOT_READY', tries: 0, cycle: 0, retryAt });
    run.over = true;
  },
];

function credentialOf(run: Run<End>): Credential {
  const credential = stateOf(run).credentials.get(run.act.credential);
  if (credential === undefined) throw new Error('The journal does not know the credential.');
  return credential;
}

async function concluded(run: Run<End>, shown: EndShown): Promise<void> {
  const { sessions } = run.found;
  const open = sessions?.open == null ? 'not to be counted' : String(sessions.open);
  const text = sessions === undefined ? undefined : `sessions ended ${String(sessions.ended)}; left open ${open}`;
  await conclude(run, { shown, text });
  run.over = true;
}

/** Nothing was asked of the provider: there is none, or nothing but a tag says whose the credential is. */
async function ended(run: Run<End>, shown: EndShown): Promise<void> {
  await record(run, 'outcome', 'end', { credential: run.act.credential, shown });
  run.over = true;
}

/**
 * Nobody knows which user the value in force belongs to: another publisher set it, perhaps with the password of the very user that is
 * to end. A value that is refused has ended already; one that nobody can read is left, for ending its user might end the other.
 */
async function endedWithout(run: Run<End>, request: IssueRequest, credential: Credential): Promise<EndShown | null> {
  const { target, worker } = run;
  const state = stateOf(run);
  if (target.issuer.credentialClass !== 'chosen' || request.currentCredentialId !== null) return null;
  if (state.retiredAt !== null || credential.life === 'ending') return null;
  const value = await valueOf(stagingAccess(target, worker), state, credential.key);
  if (value === null) return 'cannot-be-shown';
  const tried = await target.issuer.verify(request, { credentialId: credential.credentialId ?? '', value });
  return tried.outcome === 'refused' && !tried.authenticated ? 'dead' : null;
}

/** @throws ServiceError `CREDENTIAL_IN_FORCE_REFUSED` unless the published credential works at this moment. */
async function requireInForce(run: Run<End>, request: IssueRequest): Promise<void> {
  const { target, worker } = run;
  if (request.current !== null) {
    const credential = { credentialId: request.currentCredentialId ?? '', value: request.current };
    const { outcome } = await target.issuer.verify(request, credential);
    if (outcome === 'works') return void (worker.checkedAt = vaultTime(run));
  }
  throw new ServiceError('CREDENTIAL_IN_FORCE_REFUSED', issuerAndSecret(target));
}

/**
 * The provider's id of what is to end. Of two slots it is the one that the value in force does not open, whatever a tag says.
 */
async function idToEnd(run: Run<End>): Promise<string | null> {
  const { target, found, sight } = run;
  const { key, credentialId } = credentialOf(run);
  if (target.issuer.credentialClass === 'read-back' && found.request !== undefined && stateOf(run).retiredAt === null) {
    const other = await target.issuer.describe(found.request);
    return other.outcome === 'present' && other.credentialId !== found.request.currentCredentialId
      ? other.credentialId
      : null;
  }
  return credentialId ?? sight.observation.seen.described?.get(key)?.credentialId ?? null;
}

/**
 * Whether the credential may be ended on what is known of it. A minted credential that only a tag names might be anybody's: it
 * counts when the provider's own list shows it under the name of a rotation of this very secret, or when a person approved.
 */
async function isOursToEnd(run: Run<End>, credential: Credential): Promise<boolean> {
  const { target, sight } = run;
  const { key, ours, credentialId, knownFrom, life } = credential;
  // What was asked to end already was found to be ours then.
  if (ours || life === 'ending' || target.issuer.credentialClass !== 'minted') return true;
  if (credentialId === null) return false;
  const state = stateOf(run);
  if (knownFrom === 'tag' && approvalsFor(state, 'revoke', key, sight.observation.now).length > 0) return true;
  const listed = await target.issuer.list(target.terms.bindings[0], target.tools.abortAfter(30_000));
  const name = listed.find((one) => one.credentialId === credentialId)?.rotationId;
  if (name === undefined || parseAttemptId(name) === null) return false;
  const versions = [...(sight.observation.seen.versions?.values() ?? [])].flat();
  return versions.some(({ tags }) => tags['CredentialId'] === credentialId && tags['rotation-id'] === name);
}
