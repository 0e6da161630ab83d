import { CommandError } from '../../firmware/errors.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from './durable-view.js';
import type { SimHosts } from './hosts.js';
import { markedBlocks } from './marked-blocks.js';
import type { Complain } from './rules.js';
import type { AdminBody } from './sim-card.js';

/** Rule 16: a secondary takes writes only with access, and gives none of them up unless told so by word. */
export class OneWriter {
  constructor(
    private readonly secondary: DurableView,
    private readonly hosts: SimHosts,
    private readonly complain: Complain,
  ) {}

  /** A host writes to the secondary although it may not. No command is under way, so it is refused at once. */
  tryToWrite(firstBlock: number): void {
    const { card, control } = this.secondary;
    if (card.components === undefined || control?.identity.role !== Role.SECONDARY || control.access) return;
    const mark = this.hosts.model.write(firstBlock, 1, false).mark;
    const { outcome } = card.launch(card.components.io.write(firstBlock * BLOCK_BYTES, markedBlocks(firstBlock, 1, mark), false));
    const answer = outcome !== undefined && 'error' in outcome ? outcome.error : 'no refusal';
    if (!(answer instanceof CommandError) || answer.status !== Status.WRITE_TO_SECONDARY) this.complain(16, 'state', `a secondary without access answers a write with ${String(answer)}`);
  }

  /** Writes that a command to the secondary would give up without being told so, if it were carried out. */
  atStake(request: AdminBody): number {
    const unsaid = request.case === 'start' && request.value.discardSecondary !== true;
    return unsaid && this.secondary.control?.access === true ? this.hosts.acknowledgedChanges : 0;
  }
}
