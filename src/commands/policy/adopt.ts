import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { composeKeyturn } from '../../compose.ts';
import { type ActionsSecret, findActionsSecrets } from '../../composition/adoption/find-actions-secrets.ts';
import { findReaders, type SeenReaders } from '../../composition/adoption/find-readers.ts';
import type { FoundSecret } from '../../composition/adoption/found-secret.ts';
import { type ProposedPolicy, proposePolicy } from '../../composition/adoption/propose-policy.ts';
import type { Composition } from '../../composition/composition.ts';
import { giteaClient } from '../../gitea/gitea-client.ts';
import { targetRules } from '../../issuers/checked-targets.ts';
import { isStagingName } from '../../rotation/observe/staging.ts';
import { ServiceError } from '../../service-error.ts';
import type { Run, Runtime } from '../command.ts';
import type { adoptRow } from '../rotation-rows.ts';

/** Proposes a policy from what the vaults, the log and Gitea show. */
export const adopt: Run<typeof adoptRow> = async ({ values }, runtime) => {
  const { environment, directory, print, say } = runtime;
  const keyturn = await composeKeyturn(environment);
  const { settings, gitea } = keyturn;
  const policy = keyturn.policy();
  const readers = await readersOrNone(keyturn, runtime);
  const found = await findSecrets(keyturn, readers, runtime);
  const proposed = proposePolicy(found, {
    rules: targetRules(),
    giteaUrl: gitea?.url ?? null,
    identities: readers.identities.filter(({ objectId }) => !policy.identities.has(objectId)),
    actionsSecrets: await actionsSecretsOrNone(keyturn, readers, runtime),
    ownRole: settings.role === 'report' ? 'reporter' : 'rotator',
  });
  if (values.out !== undefined) await writeNew(resolve(directory, values.out), proposed.text);
  if (values.json)
    print(JSON.stringify({ ...countsOf(proposed), ...proposed, policy: proposed.text, text: undefined }));
  else if (values.out === undefined) for (const line of proposed.text.trimEnd().split('\n')) print(line);
  for (const line of summaryOf(proposed)) say(line);
  if (readers.people > 0)
    say(`People read too: ${String(readers.people)}. The report shows each; a policy names none.`);
  if (policy.secrets.size > 0) say(`${countedSecrets(policy.secrets.size)} of the policy already bound and left out.`);
  for (const secret of proposed.sample) {
    say(`${secret} carries tags of Microsoft's sample: its function may still rotate it. End its subscription first:`);
    say(
      '  az eventgrid system-topic event-subscription list --resource-group GROUP --system-topic-name TOPIC --output table',
    );
  }
  return 0;
};

async function findSecrets(
  { settings, policy: inForce, rotation }: Composition,
  { bySecret }: SeenReaders,
  { progress }: Runtime,
): Promise<readonly FoundSecret[]> {
  const policy = inForce();
  const own = new Set([settings.canarySecret, settings.stagingKeySecret?.name]);
  const found: FoundSecret[] = [];
  for (const { name: vault } of settings.vaults) {
    progress(`Listing ${vault} …`);
    for await (const secret of rotation.stores.get(vault)?.list() ?? []) {
      const key = `${vault}/${secret.name}`.toLowerCase();
      const bound = policy.secrets.has(key) || policy.tracked.has(key);
      const readers = bySecret.get(key);
      if (bound || own.has(secret.name) || isStagingName(secret.name)) continue;
      found.push({ vault, secret, ...(readers === undefined ? {} : { readers }) });
    }
  }
  return found;
}

/** A log or a Gitea that cannot be read leaves out what it would have told, and is named. */
async function readersOrNone(keyturn: Composition, { progress, say }: Runtime): Promise<SeenReaders> {
  progress('Reading who reads which secret …');
  try {
    return await findReaders({ ...keyturn, canarySecret: keyturn.settings.canarySecret });
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    say(`Who reads which secret is not known, so no namespace and no identity is proposed. ${error.message}`);
    return { bySecret: new Map(), identities: [], days: 0, people: 0 };
  }
}

async function actionsSecretsOrNone(
  { gitea }: Composition,
  { bySecret }: SeenReaders,
  { progress, say }: Runtime,
): Promise<readonly ActionsSecret[]> {
  if (gitea === null) return [];
  progress("Listing the names of Gitea's Actions secrets …");
  const repositories = new Set([...bySecret.values()].flatMap((reads) => reads.map(({ repository }) => repository)));
  try {
    const client = giteaClient({ url: gitea.url, authentication: gitea.asToken });
    const { secrets, refused } = await findActionsSecrets(client, [...repositories].sort());
    if (refused.length > 0) say(`Gitea does not show the Actions secrets of ${refused.join(', ')} to this token.`);
    return secrets;
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    say(`Gitea's Actions secrets are not known. ${error.message}`);
    return [];
  }
}

function countsOf({ proposals }: ProposedPolicy) {
  const count = (kind: string) => proposals.filter((one) => one.kind === kind).length;
  const complete = proposals.filter(({ kind, missing }) => kind === 'issuer' && missing.length === 0).length;
  return {
    issuer: count('issuer'),
    complete,
    track: count('track'),
    managed: count('managed'),
    unknown: count('unknown'),
  };
}

function summaryOf(proposed: ProposedPolicy): readonly string[] {
  const { issuer, complete, track, managed, unknown } = countsOf(proposed);
  return [
    `${countedSecrets(issuer)} with an issuer, ${String(complete)} of them complete; ${String(track)} to be tracked; ${String(managed)} managed by Key Vault; ${String(unknown)} unknown.`,
    ...(issuer > complete ? ['A comment in each entry that is not complete says what its issuer needs.'] : []),
  ];
}

function countedSecrets(count: number): string {
  return `${String(count)} ${count === 1 ? 'secret' : 'secrets'}`;
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const reason = exists ? `${file} is there already` : `${file} cannot be written`;
    throw new ServiceError('USAGE_WRONG', { command: 'adopt', reason }, { cause });
  }
}
