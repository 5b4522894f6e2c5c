import { approveRotation } from '../../rotation/approve-rotation.ts';
import { declineRotation } from '../../rotation/approve-rotation.ts';
import { giveGo } from '../../rotation/give-go.ts';
import { listRotations } from '../../rotation/list-rotations.ts';
import { requestRotation } from '../../rotation/request-rotation.ts';
import { rollBackRotation } from '../../rotation/roll-back-rotation.ts';
import type { RotationTools } from '../../rotation/rotation-tools.ts';
import type { WebPorts } from '../../web/web-ports.ts';
import { keepAnswer } from './kept-answer.ts';

type DeskPorts = Pick<
  WebPorts,
  'rotations' | 'requestRotation' | 'approveRotation' | 'declineRotation' | 'giveGo' | 'rollBackRotation'
>;

/** Rotations as the portal lists them, and what a person may do about them. */
export interface RotationDesk {
  readonly ports: DeskPorts;
  readonly forget: () => void;
  /** Calls back whenever the list is made anew because a person acted. */
  readonly onForget: (listener: () => void) => void;
}

/**
 * Keeps the list for a moment: to make it, each journal is asked what was added. An act of a person makes it anew, also one that
 * failed half-way. `rotator` throws where this process may not rotate.
 */
export function createRotationDesk(rotation: RotationTools, rotator: () => RotationTools): RotationDesk {
  const { monotonicMs } = rotation;
  const listed = keepAnswer(async () => await listRotations(rotation), {
    freshMs: 2_000,
    staleMs: 20_000,
    monotonicMs,
  });
  const listeners: (() => void)[] = [];
  const forget = () => {
    listed.forget();
    for (const listener of listeners) listener();
  };
  const acting =
    <Request, Result>(act: (tools: RotationTools, request: Request) => Promise<Result>) =>
    async (request: Request): Promise<Result> => {
      try {
        return await act(rotator(), request);
      } finally {
        forget();
      }
    };
  return {
    forget,
    onForget: (listener) => void listeners.push(listener),
    ports: {
      rotations: listed.get,
      requestRotation: acting<Parameters<DeskPorts['requestRotation']>[0], string>(requestRotation),
      approveRotation: acting(approveRotation),
      declineRotation: acting(declineRotation),
      giveGo: acting(giveGo),
      rollBackRotation: acting(rollBackRotation),
    },
  };
}
