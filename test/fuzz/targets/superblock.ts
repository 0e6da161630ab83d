import { create, equals, toBinary } from '@bufbuild/protobuf';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import { type Rescued, SuperblockStore } from '../../../firmware/metadata/superblock.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { IdentitySchema, SuperblockSchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { must, type Target } from '../target.js';
import { identity, LONG_IDENTITY } from './identities.js';
import { placeOf, sealed } from './records.js';
import { blankBoard, BoardLoop } from '../../firmware/support/board.js';
import { fill } from '../../firmware/support/contents.js';
import { run } from '../../firmware/support/tasks.js';

/** The two copies of the superblock on the disk. */
export const superblock: Target = {
  name: 'superblock',
  seeds: () => {
    const one = { version: 1, sequence: 3n, identity: identity(Role.PRIMARY), nvramBytes: 65_536n, storeBytes: 262_144n };
    const copy = (init: Parameters<typeof create<typeof SuperblockSchema>>[1]): Uint8Array => sealed(toBinary(SuperblockSchema, create(SuperblockSchema, init)));
    return [[copy(one), copy(one)], [copy(one), copy({ ...one, sequence: 4n, identity: LONG_IDENTITY, access: true, forkId: 9n })], [new Uint8Array(0), copy(one)]];
  },
  run: (input) => {
    const board = blankBoard();
    const loop = new BoardLoop(board);
    const disk = board.reserved;
    for (const copy of [0, 1]) fill(disk, copy * SUPERBLOCK_BYTES, placeOf(input[copy] ?? new Uint8Array(0), SUPERBLOCK_BYTES));
    const store = new SuperblockStore(loop, board.hal);
    const { superblock: found, damaged } = run(loop, store.read());
    if (found?.identity === undefined) {
      must(found === undefined && damaged, 'a superblock without an identity, or none and nothing amiss');
      return 'refused';
    }
    run(loop, store.write(found, SMALL_GEOMETRY));
    const reread = run(loop, new SuperblockStore(loop, board.hal).read());
    const { superblock: again } = reread;
    must(!reread.damaged && again !== undefined && sameRescued(again, found), 'written anew, it reads otherwise');
    return damaged ? 'accepted, one copy' : 'accepted';
  },
};

function sameRescued(a: Rescued, b: Rescued): boolean {
  if (a.identity === undefined || b.identity === undefined) return false;
  return a.access === b.access && a.forkId === b.forkId && equals(IdentitySchema, a.identity, b.identity);
}
