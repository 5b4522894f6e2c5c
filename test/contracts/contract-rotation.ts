/** The attempt that the contract's requests belong to. */
export const contractRotation = 'abcdefghij234567.1';
