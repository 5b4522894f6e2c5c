import type { Grade } from '../../audit/model/attribution.ts';

/**
 * One colour a grade, after Okabe and Ito: blues are tied to a job, greens and grey explained, yellows not tied, reds
 * suspicious. Hues differ for every kind of colour blindness, and lightness falls within each family, so that the order
 * survives a grey print. The same values stand in the style sheet of the dark page where they need to differ.
 */
export const gradeColours = {
  authenticated: '#0b4f8a',
  corroborated: '#2e7fc1',
  inferred: '#7ab4e0',
  claimed: '#b9d8f0',
  rotation: '#00795a',
  platform: '#58b597',
  person: '#8d93a1',
  ambiguous: '#f2d35c',
  unattributed: '#e3a008',
  contradicted: '#c2410c',
  'rotation-unexplained': '#7a1f3d',
} as const satisfies Record<Grade, string>;
