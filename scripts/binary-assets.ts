/** The names of what the single executable carries. */
export const assets = { code: 'helper', cache: 'helper-cache' } as const;

/** The helper's bundle as one expression. */
export type HelperFunction = (exports: unknown, require: NodeJS.Require, module: NodeJS.Module) => void;
