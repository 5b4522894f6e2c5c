import { type Person, personOnRecord } from '../provenance/person.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { keyOf } from './member-key.ts';
import { isOurs } from './supersession.ts';
import { reasonsBesidePlace } from './place-intent.ts';
import { publishElsewhere } from './publish-elsewhere.ts';
import { patienceWith } from './revocation-evidence.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationWork } from './rotation-work.ts';
import { latestOf, operation, readValue, storeOf } from './vault-access.ts';
import { rotationIdIn, withRotation } from './with-rotation.ts';

/**
 * Publishes the old value again, as a new version, while it is still alive: Key Vault cannot move "latest" back. The revocation
 * is cancelled; what the rotation issued ends when nothing speaks for its use. Further places get the old value too.
 * @throws ServiceError `ROLL_BACK_REFUSED` before publication, after revocation, when somebody else published, or when the old
 * value does not work; `CREDENTIAL_NOT_READY` when the provider cannot tell yet.
 */
export async function rollBackRotation(
  tools: RotationTools,
  request: { readonly rotationId: string; readonly by: Person; readonly reason: string },
): Promise<void> {
  const { by, reason } = request;
  const reasons = [`${personOnRecord(by)}: ${reason}`.slice(0, 400)];
  await withRotation(tools, rotationIdIn(request.rotationId), (work) => rollBackOrSayWhyNot(work, reasons));
}

/** Goes on with a roll-back whose worker died, or says in the journal why it cannot. */
export async function finishRollBack(work: RotationWork): Promise<void> {
  const reasons = reasonsBesidePlace(work.rotation.pending?.facts ?? {});
  try {
    await rollBackOrSayWhyNot(work, reasons);
  } catch (error) {
    if (!ServiceError.is(error, 'ROLL_BACK_REFUSED')) throw error;
  }
}

/** What is refused is over: no later pass takes it up. */
async function rollBackOrSayWhyNot(work: RotationWork, reasons: readonly string[]): Promise<void> {
  // Asked twice, as from an impatient browser: it is done.
  if (work.rotation.state === 'rolled-back') return;
  requireGrace(work);
  try {
    await rollBack(work, reasons);
  } catch (error) {
    if (ServiceError.is(error, 'ROLL_BACK_REFUSED')) await recordRefusal(work, [...reasons, error.details.reason]);
    throw error;
  }
}

/** Settles what was begun, and accounts for the values that were read, beside whatever the rotation waits for. */
async function recordRefusal(work: RotationWork, reasons: readonly string[]): Promise<void> {
  if (work.rotation.pending?.act === 'roll-back') return await work.outcome('roll-back', { facts: { reasons } });
  const { state, step, attempt } = work.rotation;
  await work.outcome('sweep', { state, step, attempt, facts: { reasons } });
}

function requireGrace(work: RotationWork): void {
  const { rotation } = work;
  const refuse = refusal(work);
  if (rotation.step !== 'grace' && rotation.step !== 'published') throw refuse('It is not in its grace.');
  if (rotation.state === 'superseded') throw refuse('Somebody else published meanwhile.');
  if (rotation.pending?.act === 'revoke') throw refuse('Its revocation has begun.');
}

async function rollBack(work: RotationWork, reasons: readonly string[]): Promise<void> {
  const { members } = work.rotation.claim;
  for (const member of members) await mayPublishOld(work, member);
  await requireOldWorks(work, reasons);
  for (const member of members) await publishOld(work, member, reasons);
  await restoreElsewhere(work, reasons);
  await rolledBack(work, reasons);
}

/** Gives further places the old value again. */
export async function restoreElsewhere(work: RotationWork, reasons: readonly string[]): Promise<void> {
  await publishElsewhere(work, 'roll-back', (member) => oldValue(work, member), reasons);
}

async function oldValue(
  work: RotationWork,
  { vault, secret, fromVersion: version }: ClaimedMember,
): Promise<SecretValue> {
  const value = await readValue(work, { vault, secret, version });
  if (value === null) throw refusal(work)(`The old version of ${vault}/${secret} is gone or disabled.`);
  return value;
}

/** Says that the old value stands again: readers of the new one have their grace from here. */
export async function rolledBack(work: RotationWork, reasons: readonly string[]): Promise<void> {
  const { tools } = work;
  const retryAt = new Date(tools.now().getTime() + patienceWith(work, 'new').graceMs).toISOString();
  await work.outcome('roll-back', { state: 'rolled-back', facts: { retryAt, reasons } });
}

function refusal({ rotation: { rotationId } }: RotationWork): (reason: string) => ServiceError {
  return (reason) => new ServiceError('ROLL_BACK_REFUSED', { rotationId, reason });
}

async function requireOldWorks(work: RotationWork, reasons: readonly string[]): Promise<void> {
  const { issuer, rotation } = work;
  const refuse = refusal(work);
  if (issuer.credentialClass === 'self') return;
  const request = await work.request('old');
  if (request.current === null) throw refuse('The old version is disabled.');
  const old = { credentialId: rotation.claim.members[0].fromCredentialId ?? '', value: request.current };
  const shown = await issuer.verify(request, old);
  if (shown.outcome === 'works') return;
  const [{ secret }] = rotation.claim.members;
  const notReady = new ServiceError('CREDENTIAL_NOT_READY', { issuer: issuer.name, secret });
  if (shown.outcome === 'not-yet') throw notReady;
  if (issuer.credentialClass !== 'chosen') throw refuse('The old credential does not work at the provider.');
  // A single password died when the new one was set: set it again, then it can be published.
  await work.intent('roll-back', [], { reasons });
  try {
    await issuer.issue(request, old.value);
  } catch (error) {
    if (!ServiceError.is(error, 'CREDENTIAL_REFUSED_BY_PROVIDER_POLICY')) throw error;
    await setPublishedAgain(work);
    throw refuse('The provider does not take the old value back.');
  }
  const set = await issuer.verify(request, old);
  if (set.outcome === 'works') return;
  // The next pass goes on where this one stopped.
  if (set.outcome === 'not-yet') throw notReady;
  await setPublishedAgain(work);
  throw refuse('The provider does not take the old value back.');
}

/** Readers get the published value, and the provider may have forgotten it for the old one. */
async function setPublishedAgain(work: RotationWork): Promise<void> {
  const request = await work.request('new');
  if (request.current !== null) await work.issuer.issue(request, request.current);
}

async function mayPublishOld(work: RotationWork, member: ClaimedMember): Promise<void> {
  const { vault, secret } = member;
  const value = await oldValue(work, member);
  const latest = await latestOf(work.tools, member);
  if (isOurs(work, latest)) return;
  const standing = await readValue(work, { vault, secret, version: latest.version });
  if (standing?.equals(value) !== true) throw refusal(work)(`Somebody else published ${vault}/${secret}.`);
}

/**
 * Makes a member's old value its newest version once more.
 * @throws ServiceError `ROLL_BACK_REFUSED` when it is gone, or somebody else published another one.
 */
export async function publishOld(work: RotationWork, member: ClaimedMember, reasons: readonly string[]): Promise<void> {
  const { vault, secret, fromVersion } = member;
  const refuse = refusal(work);
  const store = storeOf(work.tools, vault);
  const value = await oldValue(work, member);
  const old = (await store.versions(secret)).find(({ version }) => version === fromVersion);
  if (old === undefined) throw refuse(`The old version of ${vault}/${secret} is gone.`);
  const latest = await latestOf(work.tools, member);
  if (!isOurs(work, latest)) {
    const standing = await readValue(work, { vault, secret, version: latest.version });
    // Rolled back already, by a call that died behind the write.
    if (standing?.equals(value) === true) return;
    throw refuse(`Somebody else published ${vault}/${secret}.`);
  }
  await work.intent('roll-back', [operation(work.tools, 'SecretSet', vault, secret, null)], {
    member: keyOf(member),
    reasons,
  });
  const { expires, contentType } = old;
  const { 'rotation-id': _earlier, ...tags } = old.tags;
  const added = await store.add({
    name: secret,
    value,
    expires,
    contentType,
    tags: { ...tags, 'rotated-from': latest.version },
  });
  work.note(operation(work.tools, 'SecretSet', vault, secret, added.version));
}
