import type { GiteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { optional, text, wholeNumber } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

const shape = targetShape('gitea-user-password', {
  user: text(/[\w.-]{1,40}/, "a user's name"),
  length: optional(wholeNumber(20, 128), 40),
});

/**
 * Sets the password of one Gitea user, as an administrator. A user has one password, so the old one stops working when
 * the new one is set: readers of the vault are refused until publication, which follows at once.
 */
export function giteaUserPasswordIssuer(tools: { gitea: GiteaClient; randomBytes: RandomBytes }): CredentialIssuer {
  const { gitea, randomBytes } = tools;
  return {
    name: 'gitea-user-password',
    credentialClass: 'chosen',
    check: shape.check,
    propose: ({ binding }) => new SecretValue(compliant(shape.read(binding).length, randomBytes)),
    issue,
    verify,
    // A password has no name: only a login shows whether it is set, and setting it again changes nothing.
    describe: () => Promise.resolve({ outcome: 'absent' }),
    // What a plan must know is whether Gitea takes passwords at all.
    list: async (binding, signal) => await requireBasicOn(gitea, shape.read(binding).user, signal),
    // The old password stopped working when the new one was set.
    revoke: () => Promise.resolve({ outcome: 'absent' }),
    lastUsed: () => Promise.resolve(null),
  };

  async function issue(request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
    const { binding, signal, deadline } = request;
    const { user } = shape.read(binding);
    if (proposed === null) {
      throw targetRefused(binding.issuer, binding, 'value', 'is missing');
    }
    const credential = { credentialId: user, value: proposed };
    // After a crash the password may already be set. If the user is the bot itself, the old one no longer works.
    if ((await verify(request, credential)).outcome === 'works') return credential;
    await requirePasswordsWork(request);
    const path = `/api/v1/admin/users/${encodeURIComponent(user)}`;
    const body = { login_name: user, source_id: 0, password: proposed.reveal(), must_change_password: false };
    const { status } = await gitea.request('PATCH', path, { body, signal, deadline });
    if (status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: gitea.url, path });
    // Gitea's rules for passwords: length, complexity, and whether it is known to have leaked.
    if (status === 400 || status === 422) {
      const secret = `${binding.vault}/${binding.name}`;
      throw new ServiceError('CREDENTIAL_REFUSED_BY_PROVIDER_POLICY', { issuer: binding.issuer, secret });
    }
    if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path, status });
    return credential;
  }

  /**
   * Refuses to set a password that nothing could confirm: where Basic authentication is off, or the user has a second
   * factor, Gitea would refuse the new password as it refuses the present one, while the present one stops working.
   * Source: recorded `basic-off-*`, `user-basic-wrong` of Gitea 1.26.3; services/auth/basic.go.
   */
  async function requirePasswordsWork(request: IssueRequest): Promise<void> {
    const { binding, signal, current } = request;
    const { user } = shape.read(binding);
    if (current === null) {
      throw targetRefused(
        binding.issuer,
        binding,
        'value',
        "is missing in the vault: store the user's present password first",
      );
    }
    const authentication = { kind: 'basic', user, password: current } as const;
    const { status, body } = await gitea.request('GET', '/api/v1/user', {
      authentication,
      signal,
      statuses: [401, 403],
    });
    if (status === 200) return;
    const details = { gitea: gitea.url, user };
    if (jsonProperties(body).get('message') === 'token is required') {
      throw new ServiceError('GITEA_BASIC_SWITCHED_OFF', details);
    }
    throw new ServiceError('GITEA_PASSWORD_NOT_PROVEN', details);
  }

  async function verify({ binding, signal }: IssueRequest, { value }: IssuedCredential): Promise<Verification> {
    const { user } = shape.read(binding);
    const authentication = { kind: 'basic', user, password: value } as const;
    const self = await gitea.request('GET', '/api/v1/user', { authentication, signal, statuses: [401, 403] });
    if (self.status === 401) return refused(false, 'Gitea refuses this password (401)');
    if (self.status === 403) return refused(true, 'the user may not sign in (403)');
    const login = jsonProperties(self.body).get('login');
    if (typeof login !== 'string' || login.toLowerCase() !== user.toLowerCase())
      return refused(true, 'it belongs to another user');
    return { outcome: 'works', principal: user, notes: [gitea.url] };
  }
}

/** Signs in as nobody: without Basic authentication Gitea asks for a token. @throws ServiceError `GITEA_BASIC_SWITCHED_OFF`. */
async function requireBasicOn(gitea: GiteaClient, user: string, signal: AbortSignal): Promise<readonly []> {
  const password = new SecretValue('not-a-password');
  const authentication = { kind: 'basic', user: 'keyturn-plan', password } as const;
  const { body } = await gitea.request('GET', '/api/v1/user', { authentication, signal, statuses: [401, 403] });
  if (jsonProperties(body).get('message') !== 'token is required') return [];
  throw new ServiceError('GITEA_BASIC_SWITCHED_OFF', { gitea: gitea.url, user });
}

/** Gitea's PASSWORD_COMPLEXITY may ask for a lower-case letter, an upper-case letter, a digit and a symbol. */
function compliant(length: number, randomBytes: RandomBytes): string {
  for (;;) {
    const drawn = randomText(length, alphabets.symbols, randomBytes);
    if ([/[a-z]/, /[A-Z]/, /[0-9]/, /[^0-9A-Za-z]/].every((kind) => kind.test(drawn))) return drawn;
  }
}
