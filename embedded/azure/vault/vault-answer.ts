/** The vault's answer, without the common headers. */
export interface VaultAnswer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** The object of the request, for the log; with its version on success. */
  readonly id?: string;
  /** The reason as the log gives it. */
  readonly description?: string;
  /** What the log states about a written version: its kind and attributes, without value and tags. */
  readonly secretProperties?: object;
}

/** An error in Azure's form. `innerCode` distinguishes the kinds of 403 and 409. */
export function vaultError(status: number, code: string, message: string, innerCode?: string): VaultAnswer {
  const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message, ...inner } }, description: message };
}

export function secretNotFound(name: string, version: string | null): VaultAnswer {
  const asked = version === null ? name : `${name}/${version}`;
  return vaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${asked} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

export function deletedSecretNotFound(name: string): VaultAnswer {
  return vaultError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`);
}

export function secretDisabled(): VaultAnswer {
  return vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
}

export function nameIsDeleted(name: string): VaultAnswer {
  return vaultError(
    409,
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    'ObjectIsDeletedButRecoverable',
  );
}

export function managedByVault(verb: string): VaultAnswer {
  return vaultError(
    403,
    'Forbidden',
    `Operation "${verb}" is not allowed as this object's lifetime is managed by Key Vault.`,
    'SecretManagedByKeyVault',
  );
}

export function badParameter(message: string): VaultAnswer {
  return vaultError(400, 'BadParameter', message);
}
