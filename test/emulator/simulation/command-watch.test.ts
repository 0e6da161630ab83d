import { expect, test } from 'vitest';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { judgeSuccess } from '../../../emulator/simulation/command-watch.js';
import type { DurableView } from '../../../emulator/simulation/durable-view.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import type { AdminBody } from '../../../emulator/simulation/sim-card.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';

type Said = Partial<Control['identity']> & { readonly access?: boolean };

function judge(request: AdminBody, { access = false, ...identity }: Said): void {
  judgeSuccess(request, { card: { name: 'S' }, control: { access, identity } } as unknown as DurableView, complaintsTo('rules'));
}

const PRIMARY = { role: Role.PRIMARY, generation: 5n, stopped: false };
const SECONDARY = { role: Role.SECONDARY, generation: 5n, stopped: false, connectWished: true };

test.each<[AdminBody, Said, Said, number]>([
  [{ case: 'establish', value: {} }, PRIMARY, { ...PRIMARY, generation: 0n }, 5],
  [{ case: 'dissolve', value: {} }, { role: Role.STANDALONE }, SECONDARY, 5],
  [{ case: 'stop', value: { access: true } }, { ...SECONDARY, stopped: true, access: true }, { ...SECONDARY, stopped: true }, 16],
  [{ case: 'stop', value: { access: false } }, { ...PRIMARY, stopped: true }, PRIMARY, 16],
  [{ case: 'start', value: {} }, SECONDARY, { ...SECONDARY, access: true }, 16],
  [{ case: 'connectPeer', value: {} }, SECONDARY, { ...SECONDARY, connectWished: false }, 16],
  [{ case: 'disconnectPeer', value: {} }, { ...SECONDARY, connectWished: false }, SECONDARY, 16],
])('rules 5 and 16: what was answered is durable: %o', (request, happened, undone, rule) => {
  judge(request, happened);
  expect(() => { judge(request, undone); }).toThrow(`rule ${String(rule)}: S says that ${request.case ?? ''} has happened, and a cut now would take it back`);
});
