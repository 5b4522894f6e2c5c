import type { InputSchema, ToolInput } from './input-schema.ts';

/** One thing that an agent may ask for. No tool is given a value of a secret, so none can return one. */
export interface Tool {
  readonly name: string;
  /** What it does and returns, in sentences for the agent. */
  readonly description: string;
  readonly inputSchema: InputSchema;
  /** Hints of the protocol for the person who lets the agent call it. */
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly openWorldHint: boolean;
  };
  /**
   * Acts on an input that fits the schema, and returns what becomes JSON. `signal` aborts when the client takes the call back.
   * @throws ServiceError that the agent is told of
   */
  readonly run: (input: ToolInput, signal: AbortSignal) => Promise<object>;
}
