import { stringify } from 'yaml';
import { brokered, repositories, runners, secrets } from './fixtures.ts';

/** Object ids of the identities that the story defines. */
export interface StoryIdentities {
  readonly keyturn: string;
  readonly broker: string;
  readonly runners: Readonly<Record<string, string>>;
}

/** Who a person is at the identity provider and at Gitea. */
interface StoryPerson {
  readonly issuer: string;
  readonly subject: string;
  /** Their account's id. */
  readonly gitea: number;
}

/** What the policy names beside secrets and identities. */
export interface StoryAround {
  readonly people?: Readonly<Record<string, StoryPerson>>;
  /** The port of the service that an agent uses; `null`: there is none. */
  readonly tracker?: number | null;
}

/** The story's `keyturn.policy.yml` as text, parsed like any operator's. */
export function storyPolicy(
  identities: StoryIdentities,
  botUser: string,
  { people = {}, tracker = null }: StoryAround = {},
): string {
  return stringify({
    format: 1,
    // Nobody is asked in the story, but for the one secret that says otherwise.
    defaults: { first: 'automatic' },
    secrets: Object.fromEntries(
      secrets
        .filter(({ issuer }) => issuer !== null)
        .map(({ name, issuer, environment, namespace, validityDays, approval, first, guarded }) => [
          name,
          {
            issuer,
            target: issuer === 'gitea-token' ? { user: botUser, scopes: ['read:repository'] } : { length: 40 },
            validity: `${String(validityDays)}d`,
            // Seconds, so that the whole process can be watched; hours or days in production.
            grace: '5s',
            consumersLifetime: '1s',
            minimumAge: '1h',
            environment,
            namespaces: [namespace],
            ...(approval.length > 0 && { approval }),
            ...(first === 'go' && { first }),
            ...(guarded && { access: { approval: 'required' } }),
            ...(name === brokered.secret && tracker !== null && { uses: [usesOf(tracker)] }),
          },
        ]),
    ),
    namespaces: {
      'storefront-prod': { repositories: ['acme/storefront'], branches: ['main'] },
      'payments-prod': { repositories: ['acme/payments'], branches: ['main'] },
      'platform-prod': { repositories: ['acme/platform'], branches: ['main'] },
      'data-prod': { repositories: ['acme/warehouse'], branches: ['main'] },
      staging: { repositories: [...repositories] },
      dev: { repositories: ['acme/mobile'] },
    },
    ...(Object.keys(people).length > 0 && { people }),
    identities: {
      [identities.keyturn]: { role: 'rotator' },
      [identities.broker]: { role: 'broker' },
      ...Object.fromEntries(
        runners.map(({ name, label, address, repositories: served }) => [
          identities.runners[name] ?? '',
          { role: 'runner', labels: [label], repositories: [...served], addresses: [address] },
        ]),
      ),
    },
  });
}

/** What the broker does with a secret in the place of an agent. */
function usesOf(port: number) {
  const place = 'header:authorization';
  return { hosts: ['localhost'], port, methods: ['GET'], paths: ['/issues/**'], place, addresses: 'loopback' };
}
