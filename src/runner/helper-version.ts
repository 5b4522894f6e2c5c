/** The helper's version, as its stamps carry it. A test holds it equal to package.json's. */
export const helperVersion = '0.1.0';
