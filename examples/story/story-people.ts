import type { EmbeddedIdentityProvider } from '../../embedded/openid/identity-provider.ts';
import { startIdentityProvider } from '../../embedded/openid/start-identity-provider.ts';

/** People who can sign in to the story's portal, beside this machine. Groups are Gitea's: organisation and team. */
const people = [
  { subject: '11', name: 'ann', groups: ['acme', 'acme:auditors'] },
  { subject: '12', name: 'ben', groups: ['acme', 'acme:operators'] },
  { subject: '13', name: 'cem', groups: ['acme', 'acme:operators'] },
] as const;

/** The story's identity provider, and the settings of a service that signs people in with it. */
export interface StoryPeople {
  readonly provider: EmbeddedIdentityProvider;
  readonly settings: Readonly<Record<string, string>>;
  /** Who a person is to the provider. */
  subjectOf(name: (typeof people)[number]['name']): { readonly issuer: string; readonly subject: string };
  /** Signs a person in at the portal, as their browser does, and returns the session's cookie. */
  signIn(name: (typeof people)[number]['name']): Promise<string>;
}

/**
 * Starts the provider, which signs in an auditor and two operators: an approval takes two, and this machine, being unnamed,
 * cannot give one. `portal`: where the portal will be, `http://localhost:PORT`.
 */
export async function startStoryPeople(portal: string): Promise<StoryPeople> {
  const provider = await startIdentityProvider();
  for (const person of people) provider.define(person);
  return {
    provider,
    subjectOf(name) {
      const { subject } = people.find((one) => one.name === name) ?? people[0];
      return { issuer: provider.url, subject };
    },
    async signIn(name) {
      const away = await fetch(`${portal}/sign-in`, { redirect: 'manual' });
      const attempt = away.headers.get('set-cookie')?.split(';')[0] ?? '';
      const back = await fetch(`${away.headers.get('location') ?? ''}&as=${name}`, { redirect: 'manual' });
      const signedIn = await fetch(back.headers.get('location') ?? '', { headers: { cookie: attempt } });
      return signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    },
    settings: {
      KEYTURN_PUBLIC_URL: portal,
      KEYTURN_OPENID_ISSUER: provider.url,
      KEYTURN_OPENID_CLIENT_ID: provider.clientId,
      KEYTURN_OPENID_CLIENT_SECRET: provider.clientSecret,
      KEYTURN_OPENID_PRESET: 'gitea',
      KEYTURN_OPENID_AUDITOR_ROLE: 'acme:auditors',
      KEYTURN_OPENID_OPERATOR_ROLE: 'acme:operators',
    },
  };
}
