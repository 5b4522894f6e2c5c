import type { CredentialIssuer } from '../../rotation/ports/credential-issuer.ts';
import { twoUsersIssuer } from '../databases/two-users-issuer.ts';
import { rabbitmqEngine } from './rabbitmq-engine.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import type { ReadSecret } from '../shared/read-secret.ts';

interface Ports {
  /** Reads the administrator's login. */
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/** Alternates between two users of RabbitMQ that can do the same. */
export function rabbitmqIssuer({ readSecret, randomBytes }: Ports): CredentialIssuer {
  return twoUsersIssuer({ name: 'rabbitmq', engine: rabbitmqEngine({ randomBytes }), readSecret, randomBytes });
}
