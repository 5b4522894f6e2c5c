import type { SecretValue } from '../../secrets/secret-value.ts';
import { patienceOf } from '../decide/patience.ts';
import type { FoundVersion, JournalFacts, MetCredential, RotationClaim } from '../journal/journal-entry.ts';
import { type Credential, type TargetState, versionKey } from '../journal/target-state.ts';
import { allVersions, valueIn } from '../observe/credential-values.ts';
import { look, stagingAccess } from '../observe/look.ts';
import { readValue } from '../observe/vault-access.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import { parseAttemptId, rotationIdOf } from '../rotation-id.ts';
import { bindingKey, placeIn } from '../rotation-unit.ts';
import { record, type Run, type Step } from './run.ts';
import { stateOf } from '../observe/target.ts';

/**
 * Finds out which credential each enabled version holds that the journal does not know, while it can be read: by comparing
 * values, never by keeping a digest of one. A tag counts where a publication of ours explains the version.
 */
export const identify: readonly Step[] = [
  async (run) => {
    const { target, worker, sight } = run;
    const { seen } = sight.observation;
    const members = target.terms.bindings.map(bindingKey);
    const versions = seen.versions ?? (await allVersions(target, members));
    const search = newSearch(run, versions);
    for (const member of members) {
      const oldestFirst = [...(versions.get(member) ?? [])].reverse();
      for (const version of oldestFirst) await search.identify(member, version);
    }
    const { found, met } = search;
    const lost = lostClaim(run, versions);
    if (lost === null && !sight.observation.setBack) return await record(run, 'note', 'identify', { found, met });
    const listing = target.issuer.credentialClass === 'minted';
    const { listed = [] } = listing ? await look(target, worker, sight, { look: 'listed' }) : {};
    const known = new Set(met.map(({ credentialId }) => credentialId));
    await record(run, 'note', 'rebuild', {
      found,
      met,
      listed: listed.filter(({ credentialId }) => !known.has(credentialId)),
      bindings: target.terms.bindings,
      ...lost,
    });
    worker.setBack = false;
  },
];

interface Search {
  readonly found: FoundVersion[];
  readonly met: MetCredential[];
  identify(member: string, version: SecretVersion): Promise<void>;
}

function newSearch({ target, worker, sight }: Run, versions: ReadonlyMap<string, readonly SecretVersion[]>): Search {
  const state = stateOf({ target, worker });
  const access = stagingAccess(target, worker);
  const references = new Map<string, SecretValue | null>();
  const found: FoundVersion[] = [];
  const met: MetCredential[] = [];
  const isMinted = target.issuer.credentialClass === 'minted';
  return { found, met, identify: identifyOne };

  async function identifyOne(member: string, { version, enabled, tags }: SecretVersion): Promise<void> {
    const key = state.holds.get(versionKey(member, version));
    const newest = sight.observation.newest.get(member)?.version === version;
    if (key !== undefined) {
      // Known, and the newest again only where the journal had not seen it so.
      if (newest && state.current.get(member) !== version)
        found.push({ member, version, credential: key, by: 'theirs', newest });
      return;
    }
    const claimed = state.credentials.get(tags['rotation-id'] ?? '');
    const isOurs = claimed !== undefined && isExplained(state, claimed, member);
    if (!enabled && !isOurs) {
      // Nobody can read it; the credential is met by its tags alone, for a person who replaces it.
      if (newest && state.desired === null && target.terms.wish !== null)
        found.push({ member, version, credential: meet(version, tags), by: 'theirs', newest });
      return;
    }
    // One that a person has disabled since had readers, too.
    if (isOurs) return void found.push({ member, version, credential: claimed.key, by: 'ours', newest });
    const value = await readValue(access, member, version);
    if (value === null) return;
    const same = (newest ? sameByTag(tags) : null) ?? (await sameAs(value));
    const credential = same ?? meet(version, tags, isMinted ? perhaps(state, found, references) : []);
    references.set(credential, value);
    found.push({ member, version, credential, by: 'theirs', newest });
  }

  /** Before the first rotation: values that only readers use may differ, and forms of one credential do. */
  function sameByTag({ CredentialId: id }: Readonly<Record<string, string>>): string | null {
    if (state.desired !== null) return null;
    const { credentialClass } = target.issuer;
    const [first] = found.filter((one) => one.newest);
    if (credentialClass === 'self') return first?.credential ?? null;
    if (target.issuer.formFor === undefined || id === undefined) return null;
    return (
      met.find(
        ({ key, credentialId }) => credentialId === id && found.some((one) => one.newest && one.credential === key),
      )?.key ?? null
    );
  }

  function heldBy(member: string, version: string): string | undefined {
    return state.holds.get(versionKey(member, version)) ?? found.find((one) => one.version === version)?.credential;
  }

  async function sameAs(value: SecretValue): Promise<string | null> {
    for (const key of new Set([...state.credentials.keys(), ...references.keys()])) {
      const isHeld = (member: string, version: string) => heldBy(member, version) === key;
      if (!references.has(key)) references.set(key, await valueIn(access, versions, isHeld));
      if (references.get(key)?.equals(value) === true) return key;
    }
    return null;
  }

  function meet(version: string, tags: Readonly<Record<string, string>>, same: readonly string[] = []): string {
    const { CredentialId: credentialId = null, 'rotation-id': tag } = tags;
    const attempt = parseAttemptId(tag);
    const isFree = tag !== undefined && !state.credentials.has(tag) && !met.some(({ key }) => key === tag);
    const key = attempt !== null && isFree && isTrueOf(versions, target.tools.vaults, tags) ? tag : `seen.${version}`;
    const known = credentialId === null ? 'nowhere' : 'tag';
    met.push({ key, credentialId, knownFrom: known, ...(same.length === 0 ? {} : { perhaps: same }) });
    return key;
  }
}

/** The tokens that a value may be, for nothing enabled holds theirs: users and keys are told apart by what they open. */
function perhaps(
  { credentials }: TargetState,
  found: readonly FoundVersion[],
  references: ReadonlyMap<string, SecretValue | null>,
): readonly string[] {
  return [...credentials.values()].flatMap(({ key, life, served }) => {
    const wasHeld = served || found.some((one) => one.credential === key);
    return wasHeld && life !== 'ended' && references.get(key) === null ? [key] : [];
  });
}

/** A version that carries an attempt's id is that attempt's where a publication was never answered, or never recorded. */
function isExplained(state: TargetState, { key, served, life }: Credential, member: string): boolean {
  const isSent = state.inFlight.some((one) => one.act === 'publish' && one.credential === key && one.member === member);
  return isSent || (!served && life !== 'ended' && life !== 'ending');
}

/** Whether an attempt's id follows from the version that the tags say it was rotated from: a made-up tag proves nothing. */
function isTrueOf(
  versions: ReadonlyMap<string, readonly SecretVersion[]>,
  vaults: readonly { readonly name: string; readonly url: string }[],
  tags: Readonly<Record<string, string>>,
): boolean {
  const { 'rotated-from': from = '', 'rotation-id': tag } = tags;
  const rotationId = parseAttemptId(tag)?.rotationId;
  return [...versions.keys()].some((member) => {
    const { vault, name } = placeIn(member);
    const vaultUrl = vaults.find((one) => one.name === vault)?.url ?? '';
    return from !== '' && rotationIdOf({ vaultUrl, name, version: from }) === rotationId;
  });
}

/** The rotation that the newest versions speak of and that the journal has lost, as far as their tags tell. */
function lostClaim(
  { target, worker, sight }: Run,
  versions: ReadonlyMap<string, readonly SecretVersion[]>,
): Pick<JournalFacts, 'claim' | 'credential'> | null {
  const state = stateOf({ target, worker });
  const { terms, tools } = target;
  const { newest } = sight.observation;
  const tags = [...newest.values()].find((one) => one !== null && isTrueOf(versions, tools.vaults, one.tags))?.tags;
  const credential = tags?.['rotation-id'];
  if (tags === undefined || credential === undefined || state.credentials.has(credential)) return null;
  const rotationId = parseAttemptId(credential)?.rotationId ?? '';
  if (state.rotations.some(({ claim }) => claim.rotationId === rotationId)) return null;
  const claim: RotationClaim = {
    rotationId,
    trigger: 'reconciler',
    askedBy: null,
    ...patienceOf(terms.bindings, false),
    issuer: terms.issuer,
    credentialClass: terms.credentialClass,
    validityMs: Math.min(...terms.bindings.map(({ validityMs }) => validityMs)),
    from: [...newest].map(([member, one]) => ({ member, version: one?.tags['rotated-from'] ?? null })),
  };
  return { claim, credential };
}
