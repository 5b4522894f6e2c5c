/**
 * A value of each kind: letters and digits, a key in base64, signs, beyond ASCII, a connection string, blanks, lines, a
 * storage key of Azure, and signs that one writer doubles beside signs that it leaves.
 */
export const sampleValues = {
  A: 'Xk29dPqLmZ7v',
  K: 'q83+8S/AbCdEf3+/Zk8rTqUv0w9y/LmN+A==',
  S: `p@s'w"o\\r$&<x>%20#{y}`,
  U: 'pässwørd-é日本',
  C: 'Server=a,1433;User ID=app;Password=Zx9!k#$w;',
  T: 'tab\tand blank 7xK',
  Z: 'x7Qp2+Lw9/TzK4mVb8RcJ1sHd6YfGn3Ae5Uo0Xi+Wq/EkPvSlBtMjCyDhNrFgZa2u8x4w6Q1o3I5e7T9r0Y2==',
  D: `a''b50%^&"k$x\`7''Lz`,
  M: 'first line, 9Qz\nsecond/line+2==\nthird & "last"',
} as const;

export type SampleKind = keyof typeof sampleValues;
