import type { KustoValue } from './kusto-value.ts';

/** The query context of a scalar function. */
interface CallContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Type of the call's result, from the parser. */
  readonly type: string | null;
}

/** One scalar function of Kusto. `values`: its arguments, already evaluated. */
export type ScalarFunction = (values: readonly KustoValue[], context: CallContext) => KustoValue;
