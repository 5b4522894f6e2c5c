/** A value of each kind: letters and digits, a key in base64, signs, beyond ASCII, a connection string, blanks, lines. */
export const sampleValues = {
  A: 'Xk29dPqLmZ7v',
  K: 'q83+8S/AbCdEf3+/Zk8rTqUv0w9y/LmN+A==',
  S: `p@s'w"o\\r$&<x>%20#{y}`,
  U: 'pässwörd-日本',
  C: 'Server=a,1433;User ID=app;Password=Zx9!k#$w;',
  T: 'tab\tand blank 7xK',
  M: 'first line, 9Qz\nsecond/line+2==\nthird & "last"',
} as const;

export type SampleKind = keyof typeof sampleValues;
