import type { Principal } from './managed-identity.ts';

/** A federated credential of an application: issuer, subject and audience. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** PEM of the issuer's RSA key. Real Entra fetches it from the issuer. */
  readonly publicKey: string;
}

/**
 * Entra's token endpoint for applications, over https. Tokens are recognised from memory; proofs are really checked.
 */
export interface EmbeddedEntra {
  /** The authority: `https://localhost:PORT`. */
  readonly url: string;
  readonly tenantId: string;
  /** PEM of its self-signed certificate. */
  readonly certificate: string;
  /** An application with its service principal. */
  define(application: { readonly name: string; readonly address: string; readonly clientId?: string }): Principal;
  /** Creates a client secret; returned only once. */
  addSecret(principal: Principal, expires?: Date): string;
  /** PEM of a certificate with an RSA key. */
  addCertificate(principal: Principal, certificate: string): void;
  addFederatedCredential(principal: Principal, credential: FederatedCredential): void;
  /** The codes that people are asked to enter, oldest first, until their sign-in is decided. */
  userCodes(): readonly string[];
  /** The page that people are sent to with their code; Microsoft's own unless it is set. */
  setSignInPage(address: string): void;
  /** A person enters a code and accepts the sign-in, or declines it. */
  enterCode(userCode: string, by: { readonly person: Principal } | 'declined'): void;
  /** The next `times` requests are answered with this status. */
  failNext(status: number, times: number): void;
}
