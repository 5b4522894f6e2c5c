/** What a test may do to each call that leaves the machine: let it through, fail it before or after it acts, or kill the worker. */
export interface Gate {
  /** Called before and after the effect of each call. Throws to fail it there. `what` is such as `vault.add database-password`. */
  before(what: string): Promise<void> | void;
  after(what: string): Promise<void> | void;
}

export const openGate: Gate = { before: () => undefined, after: () => undefined };

/** A gate that can be changed while the world lives. */
export interface Gateway {
  gate: Gate;
  /** `leaves` is called right before the request leaves: an adapter looks at the clock there. */
  pass<Value>(what: string, effect: () => Value | Promise<Value>, leaves?: () => void): Promise<Value>;
}

export function createGateway(): Gateway {
  const gateway: Gateway = {
    gate: openGate,
    pass: async (what, effect, leaves) => {
      await gateway.gate.before(what);
      leaves?.();
      const value = await effect();
      await gateway.gate.after(what);
      return value;
    },
  };
  return gateway;
}
