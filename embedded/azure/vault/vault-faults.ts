import type { VaultFault } from './key-vault.ts';

export interface VaultFaults {
  add(fault: VaultFault): void;
  /** All faults for this request, each counted down by one. */
  meet(method: string, secret: string | null): readonly VaultFault[];
}

/** Faults only apply to requests with a valid token, so that the challenge probe does not use one up. */
export function createVaultFaults(): VaultFaults {
  let waiting: { readonly fault: VaultFault; left: number }[] = [];
  return {
    add(fault) {
      waiting.push({ fault, left: fault.times });
    },
    meet(method, secret) {
      const met = waiting.filter(
        ({ fault, left }) =>
          left > 0 &&
          (fault.method === undefined || fault.method.toUpperCase() === method) &&
          (fault.secret === undefined || fault.secret.toLowerCase() === secret?.toLowerCase()),
      );
      // If two faults would break the request, the earlier one applies and the later one waits; a delay breaks nothing.
      const breaking = met.find(({ fault }) => fault.kind !== 'delay');
      const used = met.filter((one) => one.fault.kind === 'delay' || one === breaking);
      for (const one of used) one.left -= 1;
      waiting = waiting.filter(({ left }) => left > 0);
      return used.map(({ fault }) => fault);
    },
  };
}
