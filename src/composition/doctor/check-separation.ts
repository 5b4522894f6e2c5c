import { counted } from '../../audit/findings/finding-tally.ts';
import type { Posture } from '../../audit/model/posture.ts';
import { ServiceError } from '../../service-error.ts';
import { describeNotification } from '../../notify/describe-notification.ts';
import type { Composition } from '../composition.ts';
import { sealingKeyReminder } from '../policy/remind-sealing-key.ts';
import { assignRole, listReaders, vaultScope } from './az-commands.ts';
import { checkStaging } from './check-grants.ts';
import { type Check, fail, lookAt, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'settings' | 'policy' | 'signer' | 'rotation' | 'requirePolicy' | 'records' | 'now'>;

/** Who may do what: roles, the policy, the sealing key, staged values, the portal. */
export async function checkSeparation(ports: Ports, grants: Posture | null): Promise<readonly Check[]> {
  return [
    checkRole(ports),
    await checkPolicy(ports),
    ...checkBindings(ports),
    await checkSealingKey(ports),
    checkStaging(ports, grants),
    checkPortal(ports),
  ];
}

function checkRole({ settings: { role, vaults } }: Ports): Check {
  const what = 'role separation';
  if (role === 'all') {
    const says =
      'one identity acts and attests, and every report says so; run keyturn serve --role rotate and --role report under two identities';
    return warn(what, says);
  }
  if (role === 'rotate') return pass(what, 'this process acts and holds no sealing key');
  if (role === 'broker') return pass(what, 'this process gives values to jobs; it neither rotates nor seals');
  const says =
    'this process attests; doctor cannot test that it reads no other value than the canary, because the test would read one';
  return warn(what, says, vaults.map(listReaders).join('\n'));
}

async function checkPolicy({ settings, policy, requirePolicy }: Ports): Promise<Check> {
  const what = 'policy';
  const { secrets, identities } = policy();
  try {
    await requirePolicy();
  } catch (error) {
    // Records that cannot be read are told by the look at the records.
    if (ServiceError.is(error, 'POLICY_MISSING')) return fail(what, `${error.says} (${error.details.because})`);
  }
  if (secrets.size === 0) {
    return warn(
      what,
      `observe mode: ${settings.policyFile === null ? 'no policy' : 'the policy binds nothing'}, nothing is rotated`,
    );
  }
  if (identities.size === 0) {
    return warn(what, 'it names no identities, so no read gets a better grade than claimed');
  }
  return pass(
    what,
    `binds ${counted(secrets.size, 'secret')} and knows ${identities.size === 1 ? '1 identity' : `${String(identities.size)} identities`}`,
  );
}

/** Looks whether each binding's issuer has the settings that it needs; its shape was checked when the policy was read. */
function checkBindings({ policy, rotation }: Ports): readonly Check[] {
  return [...policy().secrets].flatMap(([key, binding]): Check[] => {
    const faults = rotation.issuers.get(binding.issuer)?.check(binding) ?? [];
    return faults.map(({ place, reason }) => fail(`binding of ${key}`, `${place} ${reason}`));
  });
}

async function checkSealingKey(ports: Ports): Promise<Check> {
  const what = 'sealing key';
  const { settings, signer } = ports;
  const { role, signingKey, vaults } = settings;
  if (role === 'rotate' || role === 'broker') return pass(what, 'none, as this role requires');
  if (signingKey === null) return warn(what, 'KEYTURN_SIGNING_KEY is not set, so no pack can be sealed');
  const opened = await lookAt(
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
  if (opened.verdict !== 'pass') return opened;
  return await lookAt(what, async () => {
    const reminder = await sealingKeyReminder(ports);
    return reminder === null ? opened : warn(what, describeNotification(reminder));
  });
}

function checkPortal({ settings: { openId, platformAuthentication, listen } }: Ports): Check {
  if (platformAuthentication !== null) return pass('portal', `people are signed in by the platform`);
  if (openId !== null) return pass('portal', `people are signed in by ${openId.issuer}`);
  return pass('portal', `on ${listen.host} only, by a sign-in link, because no identity provider is configured`);
}
