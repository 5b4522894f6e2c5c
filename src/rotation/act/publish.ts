import { ServiceError } from '../../service-error.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { ActOf } from '../decide/decision.ts';
import { openAttempt, type Rotation } from '../journal/target-state.ts';
import { valueOf } from '../observe/credential-values.ts';
import { stagingAccess } from '../observe/look.ts';
import { bindingFor, valueLost, stateOf } from '../observe/target.ts';
import { requireStore } from '../observe/vault-access.ts';
import type { NewSecretVersion, SecretVersion } from '../ports/secret-store.ts';
import { publishedTags } from '../published-tags.ts';
import { placeIn } from '../rotation-unit.ts';
import { pendingCredential, proposed } from './issue.ts';
import { conclude, intend, operated, requireTime, type Run, type Step, vaultTime, withDeadline } from './run.ts';

type Publish = ActOf<'publish'>;
type Replicate = ActOf<'replicate'>;

/**
 * Makes one value the newest version of one secret, by one request: the attempt's verified value, or the desired one once more.
 * The intent alone makes it the desired credential; what the vault holds decides whether it happened.
 */
export const publish: readonly Step<Publish>[] = [
  async (run) => {
    run.found = { value: await valueToPublish(run) };
  },
  async (run) => await intend(run, ['SecretSet', run.act.member, null]),
  async (run) => {
    const { vault, name } = placeIn(run.act.member);
    const latest = await requireStore(run.target.tools, vault).latest(name);
    if ((latest?.version ?? null) !== run.act.over)
      throw new ServiceError('NEWEST_VERSION_CHANGED', { vault, secret: name, version: latest?.version ?? '' });
    run.found = { ...run.found, latest };
  },
  async (run) => {
    const { found, target, act } = run;
    if (found.value === undefined) return;
    const store = requireStore(target.tools, placeIn(act.member).vault);
    const added = await store.add(withDeadline(run, newVersion(run, found.value)));
    operated(run, 'SecretSet', act.member, added.version);
    run.found = { ...found, version: added };
  },
  async (run) => await conclude(run, { version: run.found.version?.version ?? '' }),
];

function newVersion(run: Run<Publish>, value: SecretValue): NewSecretVersion {
  const { act, found } = run;
  const same = openAttempt(stateOf(run))?.credential === act.credential ? null : earlierVersion(run);
  // What was in force before keeps the expiry that it had; what is new has all of its validity.
  const validUntil = wholeSeconds(vaultTime(run).getTime() + validityOf(run));
  const expires = same === null ? validUntil : same.expires;
  const isTheirs = stateOf(run).credentials.get(act.credential)?.ours !== true;
  const tags =
    same !== null && isTheirs ? withoutRotation(same, found.latest ?? null) : ownTags(run, expires ?? validUntil);
  const { name } = placeIn(act.member);
  return { name, value, expires, contentType: (same ?? found.latest)?.contentType ?? null, tags };
}

function validityOf(run: Run<Publish>): number {
  return rotationOf(run)?.claim.validityMs ?? bindingFor(run.target, run.act.member).validityMs;
}

function rotationOf(run: Run<Publish>): Rotation | undefined {
  return stateOf(run).rotations.findLast((one) => one.credential === run.act.credential);
}

function ownTags(run: Run<Publish>, expires: Date): Readonly<Record<string, string>> {
  const { target, act, found } = run;
  const { vault, name: secret } = placeIn(act.member);
  const credentialId = stateOf(run).credentials.get(act.credential)?.credentialId ?? null;
  return publishedTags({ vault, secret }, found.latest?.tags ?? {}, {
    environment: bindingFor(target, act.member).environment,
    expires,
    rotationId: act.credential,
    rotatedFrom: rotationOf(run)?.claim.from.find(({ member }) => member === act.member)?.version ?? null,
    credentialId: target.issuer.credentialClass === 'self' ? null : credentialId,
  });
}

/** The newest version that held the credential, where it is published once more. */
function earlierVersion(run: Run<Publish>): SecretVersion | null {
  const { act, sight } = run;
  const holds = stateOf(run).holds;
  const versions = sight.observation.seen.versions?.get(act.member) ?? [];
  return versions.find(({ version }) => holds.get(`${act.member}@${version}`) === act.credential) ?? null;
}

/** As the version was, but for our own id: it is not that attempt's again. */
function withoutRotation(same: SecretVersion, over: SecretVersion | null): Readonly<Record<string, string>> {
  const { 'rotation-id': _earlier, ...tags } = same.tags;
  return over === null ? tags : { ...tags, 'rotated-from': over.version };
}

async function valueToPublish(run: Run<Publish>): Promise<SecretValue> {
  const { target, worker, act } = run;
  const state = stateOf(run);
  const { issuer } = target;
  const access = stagingAccess(target, worker);
  const open = openAttempt(state);
  if (open?.credential !== act.credential) return await valueInForce(run);
  const isPublished = open.published.size > 0 && issuer.formFor === undefined;
  const published = isPublished ? await valueOf(access, state, act.credential) : null;
  if (published !== null) return published;
  // A value that only its readers use is proposed once, and remembered until it is published.
  const credential =
    issuer.credentialClass === 'self'
      ? (worker.remembered.get(act.credential) ?? (await proposed(run, act.credential)))
      : await pendingCredential(run);
  worker.remembered.set(act.credential, credential);
  return issuer.formFor?.(bindingFor(target, act.member), credential) ?? credential.value;
}

/** The value of a credential that was published before, in the form of this secret. @throws ServiceError `DESIRED_VALUE_LOST`. */
async function valueInForce(run: Run<Publish | Replicate>): Promise<SecretValue> {
  const { target, worker, act } = run;
  const value = await valueOf(stagingAccess(target, worker), stateOf(run), act.credential, act.member);
  if (value === null) throw valueLost(act.member);
  return value;
}

/** Writes what the vault serves to one further place. Doing it again converges. */
export const replicate: readonly Step<Replicate>[] = [
  async (run) => {
    run.found = { value: await valueInForce(run) };
  },
  async (run) => await intend(run),
  async (run) => {
    const { target, act, found } = run;
    if (found.value === undefined) return;
    const at = bindingFor(target, act.member).alsoPublish[act.place] ?? {};
    const place = target.tools.places.get(String(at['kind']));
    const fault = place === undefined ? { place: 'kind', reason: 'There is no such place.' } : place.check(at)[0];
    if (place === undefined || fault !== undefined) {
      throw new ServiceError('ISSUER_TARGET_REFUSED', {
        issuer: target.issuer.name,
        secret: act.member,
        place: `alsoPublish.${fault?.place ?? ''}`,
        reason: fault?.reason ?? '',
      });
    }
    requireTime(run);
    await place.publish(at, found.value, target.tools.abortAfter(30_000));
  },
  async (run) => await conclude(run),
];

function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}
