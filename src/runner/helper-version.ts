/** The helper's version, as in its stamps. A test compares it with package.json. */
export const helperVersion = '0.2.0';
