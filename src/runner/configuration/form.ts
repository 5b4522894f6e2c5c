/** A form that text in a hand-written document must have. */
export interface Form {
  readonly matches: RegExp;
  /** The form in words, after *must be*. */
  readonly means: string;
}

export const secretNameForm: Form = {
  // A wildcard would need the right to list, and would pass on secrets that nobody chose.
  matches: /^[0-9A-Za-z-]{1,127}$/,
  means: 'the name of a secret: letters, digits and hyphens, without a wildcard',
};
export const vaultNameForm: Form = {
  matches: /^[0-9a-z-]{2,127}$/,
  means: 'the short name of a vault: lower-case letters, digits and hyphens',
};
export const versionForm: Form = { matches: /^[0-9a-f]{32}$/, means: 'a version: 32 hexadecimal digits' };
export const pointerForm: Form = {
  matches: /^(\/([^~/]|~[01])*)+$/,
  means: 'a JSON pointer such as /user/password',
};
export const variableForm: Form = {
  matches: /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
  means: 'the name of a variable: letters, digits and _, not starting with a digit',
};
export const variablePrefixForm: Form = {
  matches: /^[A-Z_][A-Z0-9_]{0,63}$/,
  means: 'the beginning of variables: capitals, digits and _, not starting with a digit',
};
export const prefixForm: Form = {
  // At least three characters, because a shorter prefix matches nearly everything. No job may read staging secrets.
  matches: /^(?![Rr][Oo][Tt]-)[0-9A-Za-z][0-9A-Za-z-]{2,126}$/,
  means: 'the beginning of secret names, at least three letters, digits or hyphens, and not rot-',
};
export const pathForm: Form = { matches: /^\/[^\0\s]+$/, means: 'an absolute path without spaces' };
export const anyPathForm: Form = { matches: /^\//, means: 'an absolute path' };
export const durationForm: Form = { matches: /^\d{1,6}[smhd]$/, means: 'a duration such as 24h' };
