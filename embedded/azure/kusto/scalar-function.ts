import type { KustoValue } from './kusto-value.ts';

/** What a scalar function knows of the query that calls it. */
interface CallContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Type of the call's result as the parser knows it. */
  readonly type: string | null;
}

/** One scalar function of Kusto. `values`: its arguments, already evaluated. */
export type ScalarFunction = (values: readonly KustoValue[], context: CallContext) => KustoValue;
