import { auditFaults } from './audit-faults.ts';
import { brokerFaults } from './broker-faults.ts';
import { evidenceFaults } from './evidence-faults.ts';
import { giteaFaults } from './gitea-faults.ts';
import { issuerFaults } from './issuer-faults.ts';
import { notifyFaults } from './notify-faults.ts';
import { recordFaults } from './record-faults.ts';
import { rotationFaults } from './rotation-faults.ts';
import { runnerFaults } from './runner-faults.ts';
import { settingsFaults } from './settings-faults.ts';
import { vaultFaults } from './vault-faults.ts';
import { webFaults } from './web-faults.ts';

/** Every failure of every area, by its code. */
export const catalogue = {
  ...vaultFaults,
  ...recordFaults,
  ...rotationFaults,
  ...giteaFaults,
  ...issuerFaults,
  ...auditFaults,
  ...evidenceFaults,
  ...webFaults,
  ...notifyFaults,
  ...brokerFaults,
  ...runnerFaults,
  ...settingsFaults,
};
