import { create, equals, toBinary } from '@bufbuild/protobuf';
import { CONTROL_BLOCK_BYTES } from '../../../firmware/limits.js';
import { CONTROL_BLOCK_VERSION, readControlBlocks } from '../../../firmware/metadata/control-store.js';
import { sealRecord } from '../../../firmware/metadata/sealed-record.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type ControlBlock, ControlBlockSchema, LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { type Input, must, type Target } from '../target.js';
import { identity, LONG_IDENTITY } from './identities.js';
import { digest, placeOf, sealed } from './records.js';

const REGIONS = [0, 1].map((copy) => ({ offsetBytes: copy * CONTROL_BLOCK_BYTES, lengthBytes: CONTROL_BLOCK_BYTES }));

/** The two copies of the control block in NVRAM. */
export const controlBlock: Target = {
  name: 'control-block',
  seeds: () => {
    const standalone = create(ControlBlockSchema, { version: CONTROL_BLOCK_VERSION, sequence: 7n, identity: identity(Role.STANDALONE), loadState: LoadState.NONE, consistent: true });
    const longest = create(ControlBlockSchema, {
      version: CONTROL_BLOCK_VERSION,
      sequence: (1n << 48n) + 1n,
      identity: LONG_IDENTITY,
      loadState: LoadState.LOADED,
      loadingRoot: new Uint8Array(32).fill(8),
      allDirty: true, suppressed: true, consistent: true, access: true, met: true, conventional: true, fullOwed: true,
      forkId: 9n, peerForkId: 10n,
      flashCopy: { t0Id: new Uint8Array(16).fill(11), generation: 12n, mediumId: new Uint8Array(16).fill(13) },
    });
    return [[part(standalone), part(standalone)], [part(longest), part({ ...longest, sequence: 1n })], [part(standalone)]];
  },
  run: (input) => {
    const copies = REGIONS.map((_, copy) => placeOf(input[copy] ?? new Uint8Array(0), CONTROL_BLOCK_BYTES));
    const { control, behind } = readControlBlocks(digest, new Uint8Array(Buffer.concat(copies)), REGIONS, () => false);
    if (control === undefined) {
      must(behind.length > 0, 'no copy counts, and still nothing is amiss');
      return 'refused';
    }
    // The card writes what it found again, after a cut between the copies.
    const again = new Uint8Array(CONTROL_BLOCK_BYTES);
    sealRecord(digest, toBinary(ControlBlockSchema, control), again);
    const reread = readControlBlocks(digest, new Uint8Array(Buffer.concat([again, again])), REGIONS, () => false);
    must(reread.control !== undefined && reread.behind.length === 0 && equals(ControlBlockSchema, reread.control, control), 'written anew, it reads otherwise');
    return behind.length > 0 ? 'accepted, one copy' : 'accepted';
  },
};

function part(control: ControlBlock): Input[number] {
  return sealed(toBinary(ControlBlockSchema, control));
}
