/** Files with fixed names, as in evidence/pack/pack-statement.ts: importing them from there would bring a library along. */
export const sealFile = 'pack.dsse.json';
export const manifestFile = 'manifest.json';
export const dataManifestFile = 'data-manifest.json';
export const publicKeyFile = 'public-key.pem';
export const sumsFile = 'SHA256SUMS';
