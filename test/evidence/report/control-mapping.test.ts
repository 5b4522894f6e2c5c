import { describe, expect, it } from 'vitest';
import { readControlCatalogue } from '../../../src/evidence/report/control-catalogue.ts';
import { observeControls } from '../../../src/evidence/report/observe-controls.ts';
import type { TestOutcome } from '../../../src/evidence/tests/control-test.ts';
import { auditedStory } from '../story.ts';

const catalogue = await readControlCatalogue(['soc2', 'iso27001']);
const controls = catalogue.frameworks.flatMap((section) => section.controls);
const mappings = controls.flatMap(({ id, tests }) => tests.map((one) => ({ control: id, ...one })));

describe('the mapping of tests to controls', () => {
  it.each(mappings.map((one) => [one.observation.id, one.control, one] as const))(
    '%s to %s says of an event of the population why it is a deviation of the control',
    (_test, _control, { observation, why }) => {
      const [unit = ''] = observation.population.unit.split(' ');
      expect(why).toMatch(new RegExp(`^An? ${unit}\\b.+\\.$`));
    },
  );

  it('makes a deviation of a test an exception of the controls that rest on it, and of no other', () => {
    for (const { id } of catalogue.observations) {
      const nothing: TestOutcome = { population: 1, tested: 1, deviations: 0, untested: [], shown: [] };
      const outcomes = new Map(catalogue.observations.map((one) => [one.id, nothing]));
      outcomes.set(id, { ...nothing, deviations: 1 });
      const observed = observeControls(catalogue, {
        audited: { ...auditedStory(), findings: [] },
        outcomes,
        paths: [],
      });
      const broken = observed.flatMap((one) => one.controls).filter(({ exceptions }) => exceptions > 0);
      expect(broken.map((one) => one.id)).toEqual(
        controls.filter(({ tests }) => tests.some(({ observation }) => observation.id === id)).map((one) => one.id),
      );
      expect(broken.length).toBeGreaterThan(0);
    }
  });

  it('gives each control an owner and what is left to the customer, in whole sentences', () => {
    for (const { id, owner, customer } of controls) {
      expect([id, owner.length > 3]).toEqual([id, true]);
      expect(customer, id).toMatch(/^[A-Z].{15,}\.$/);
    }
  });

  it('has a home for duties, assets, reviews, deletion, emergencies and the general controls over technology', () => {
    const has = (control: string, test: string) =>
      expect(
        mappings.some((one) => one.control === control && one.observation.id === test),
        control,
      ).toBe(true);
    has('A.5.3', 'approvals-given');
    has('A.5.9', 'inventory-complete');
    has('A.5.23', 'setup-unchanged');
    has('A.5.36', 'tags-within-policy');
    has('A.8.10', 'old-values-end');
    has('A.8.13', 'sensitive-operations');
    has('A.8.18', 'emergency-acts-reasoned');
    has('CC5.2', 'policy-changes');
    has('CC6.5', 'old-values-end');
  });

  it('tests at most what the population holds: every test states how often it looks', () => {
    for (const { id, frequency } of catalogue.observations)
      expect([id, frequency]).toEqual([id, expect.stringMatching(/\w/)]);
  });
});
