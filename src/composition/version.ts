/** Of Keyturn, as package.json has it; a test compares them. The fetch helper keeps its own, equal copy. */
export const version = '0.1.0';
