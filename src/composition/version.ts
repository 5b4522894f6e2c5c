/** Keyturn's version, equal to package.json's; a test compares them. The fetch helper has its own copy. */
export const version = '0.2.0';
