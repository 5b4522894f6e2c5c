import type { ReportingPeriod, SetupLook } from '../model/audited-period.ts';
import type { VaultPosture, VaultSetup } from '../model/posture.ts';

type Setup = Omit<VaultSetup, 'accessPolicies'>;

/** How the report calls each part of a vault's setup. Access policies are grants, which are reviewed as such. */
const parts: readonly (readonly [keyof Setup, string])[] = [
  ['usesRoles', 'role assignments decide'],
  ['softDelete', 'soft delete'],
  ['softDeleteDays', 'days of soft delete'],
  ['purgeProtection', 'purge protection'],
  ['publicAccess', 'public access'],
  ['firewall', 'firewall'],
];

/** Keeps each look at the setup of a vault with its differences from the one before, which may be before the period. */
export function createSetupLooks(): {
  look(at: string, posture: VaultPosture): void;
  within(period: ReportingPeriod): readonly SetupLook[];
} {
  const looks: SetupLook[] = [];
  const newest = new Map<string, Setup>();
  return {
    look(at, { vault, setup }) {
      if (setup.outcome !== 'seen') return;
      const { accessPolicies: _accessPolicies, ...now } = setup.value;
      looks.push({ at, vault, ...now, changes: differences(newest.get(vault), now) });
      newest.set(vault, now);
    },
    within: ({ from, to }) =>
      looks.filter(({ at }) => Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime()),
  };
}

function differences(before: Setup | undefined, now: Setup): readonly string[] {
  if (before === undefined) return [];
  return parts.flatMap(([part, says]) => {
    const [one, other] = [textOf(before[part]), textOf(now[part])];
    return one === other ? [] : [`${says} from ${one} to ${other}`];
  });
}

function textOf(value: Setup[keyof Setup]): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null) return 'not told';
  if (typeof value === 'number') return String(value);
  const { defaultAction, azureServices, addresses, networks } = value;
  const allowed = [...addresses, ...(networks === 0 ? [] : [`${String(networks)} networks`])];
  return `${defaultAction} (${azureServices ? 'Azure services, ' : ''}${allowed.length === 0 ? 'no addresses' : allowed.join(', ')})`;
}
