import type { Grade } from '../../audit/model/attribution.ts';

/**
 * One colour per grade, after Okabe and Ito: blues are tied to a job, greens explained, grey by a person, yellows not tied, reds
 * suspicious. Hues stay distinct for every kind of colour blindness, and lightness decreases within each family, so
 * that the order survives grey printing. The style sheet overrides the values that need to differ in dark mode.
 */
export const gradeColours = {
  authenticated: '#0b4f8a',
  corroborated: '#2e7fc1',
  inferred: '#7ab4e0',
  rotation: '#00795a',
  platform: '#58b597',
  person: '#8d93a1',
  claimed: '#f7e8b0',
  ambiguous: '#f2d35c',
  unattributed: '#e3a008',
  contradicted: '#c2410c',
  'rotation-unexplained': '#7a1f3d',
  'broker-unexplained': '#4a1d5c',
} as const satisfies Record<Grade, string>;
