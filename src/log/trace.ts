/** What can be timed: a closed list, so that no name comes from outside. */
type SpanName =
  | 'scheduled work'
  | 'act on a target'
  | 'collect a slice'
  | 'produce a report'
  | 'broker read'
  | 'http request';

/**
 * What a span may say. Names of secrets, values, addresses and people are not among it: what receives traces is not trusted with
 * them.
 */
export interface SpanAttributes {
  /** The kind of scheduled work, such as `reconcile rotations`. */
  readonly work?: string;
  /** The act of a rotation, such as `publish`. */
  readonly act?: string;
  readonly outcome?: string;
  /** The code of a failure. */
  readonly code?: string;
  readonly rows?: number;
  readonly method?: string;
  /** The route as it is written, `/secrets/:vault/:name`, never the address that was asked for. */
  readonly route?: string;
  readonly status?: number;
}

/** Adds to what a span says. */
export type NoteSpan = (attributes: SpanAttributes) => void;

/** Does some work within a span, and returns or throws what the work does. */
export type Trace = <Result>(
  name: SpanName,
  attributes: SpanAttributes,
  work: (note: NoteSpan) => Promise<Result>,
) => Promise<Result>;

const nothing: NoteSpan = () => undefined;

/** Where no traces are collected. */
export const untraced: Trace = async (_name, _attributes, work) => await work(nothing);
