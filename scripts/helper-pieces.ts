/**
 * What the helper consists of where V8's cache of its code goes with it: files of the package, or assets in the single
 * executable. `later`: the parts that are text until their first use.
 */
export const pieces = { code: 'helper.js', later: 'helper-later.json', cache: 'helper.cache' } as const;

/** The helper's code as one expression. `laterParts` returns the text of the piece `later`. */
export type HelperFunction = (
  exports: unknown,
  require: NodeJS.Require,
  module: NodeJS.Module,
  laterParts: () => string,
) => void;
