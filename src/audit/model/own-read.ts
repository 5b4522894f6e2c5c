/** A read of a secret by Keyturn itself. The journal of a rotation may tell of it too. */
export interface OwnRead {
  readonly vault: string;
  readonly secret: string;
  readonly version: string;
  /** Right before the read. */
  readonly at: string;
  /**
   * `setting`: one of the service's own settings, such as its Gitea token. `issuer`: what an issuer acts with, such as an
   * administrator's login. `check`: a value that a rotation needed, or the one in force, tried at its provider.
   */
  readonly purpose: 'setting' | 'issuer' | 'check';
}
