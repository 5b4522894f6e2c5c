import type { Composition } from '../composition.ts';
import { assignRole, listReaders, vaultScope } from './az-commands.ts';
import { type Check, fail, lookAt, pass, warn } from './check.ts';

type Parts = Pick<Composition, 'settings' | 'policy' | 'signer' | 'rotation'>;

/** Who may do what: roles, the policy, the sealing key, staged values, the portal. */
export async function checkSeparation(parts: Parts): Promise<readonly Check[]> {
  return [
    checkRole(parts),
    checkPolicy(parts),
    ...checkBindings(parts),
    await checkSealingKey(parts),
    checkStaging(parts),
    checkPortal(parts),
  ];
}

function checkRole({ settings: { role, vaults } }: Parts): Check {
  const what = 'role separation';
  if (role === 'all') {
    const says =
      'One identity acts and attests, and every report says so. Run keyturn serve --role rotate and --role report under two identities';
    return warn(what, says);
  }
  if (role === 'rotate') return pass(what, 'this process acts and holds no sealing key');
  const says = 'this process attests; that it can read no value but the canary cannot be tried without reading one';
  return warn(what, says, vaults.map(listReaders).join('\n'));
}

function checkPolicy({ settings, policy }: Parts): Check {
  const what = 'policy';
  const { secrets, identities } = policy;
  if (secrets.size === 0) {
    return warn(
      what,
      `observe mode: ${settings.policyFile === null ? 'no policy' : 'the policy binds nothing'}, nothing is rotated`,
    );
  }
  if (identities.size === 0) {
    return warn(what, 'it names no identities, so no read can be better than claimed');
  }
  return pass(what, `binds ${String(secrets.size)} secrets and knows ${String(identities.size)} identities`);
}

/** Each binding as its issuer would judge it when the rotation is due: months earlier. */
function checkBindings({ policy, rotation }: Parts): readonly Check[] {
  return [...policy.secrets].flatMap(([key, binding]): Check[] => {
    const what = `binding of ${key}`;
    const issuer = rotation.issuers.get(binding.issuer);
    if (issuer === undefined) {
      const known = [...rotation.issuers.keys()].sort().join(', ');
      return [fail(what, `there is no issuer ${binding.issuer}; those known are ${known}`)];
    }
    return issuer.check(binding).map(({ place, reason }) => fail(what, `${place} ${reason}`));
  });
}

async function checkSealingKey({ settings, signer }: Parts): Promise<Check> {
  const what = 'sealing key';
  const { role, signingKey, vaults } = settings;
  if (role === 'rotate') return pass(what, 'none, as this role has to be');
  if (signingKey === null) return warn(what, 'KEYTURN_SIGNING_KEY is not set: no pack can be sealed');
  return await lookAt(
    what,
    async () => pass(what, `opened; its fingerprint is ${(await signer()).fingerprint}`),
    () => {
      if (signingKey.kind === 'file') return `chmod 600 ${signingKey.path}`;
      const { hostname, pathname } = new URL(signingKey.keyId);
      const name = hostname.split('.')[0] ?? '';
      const vault = vaults.find((one) => one.name === name) ?? { name, url: '', resourceId: null };
      const key = pathname.split('/')[2] ?? 'KEY';
      return assignRole('Key Vault Crypto User', `${vaultScope(vault)}/keys/${key}`, null);
    },
  );
}

/** Role assignments are Azure Resource Manager's to tell; what can be said here is where staged values would lie. */
function checkStaging({ settings: { stagingVault, vaults, role } }: Parts): Check {
  const what = 'staged values';
  if (role === 'report') return pass(what, 'are not of this role');
  const says = 'whether a runner can read there is not to be seen from here: no runner may be in this list';
  if (stagingVault !== null) return warn(what, `wait in ${stagingVault.name}; ${says}`, listReaders(stagingVault));
  const beside = `wait beside the secrets that runners read; name KEYTURN_STAGING_VAULT, or give runners single secrets; ${says}`;
  return warn(what, beside, vaults.map(listReaders).join('\n'));
}

function checkPortal({ settings: { openId, platformAuthentication, listen } }: Parts): Check {
  if (platformAuthentication !== null) return pass('portal', `people are signed in by the platform`);
  if (openId !== null) return pass('portal', `people are signed in by ${openId.issuer}`);
  return pass('portal', `on ${listen.host} alone, by a sign-in link: no identity provider is configured`);
}
