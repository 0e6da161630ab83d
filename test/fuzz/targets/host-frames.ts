import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BLOCK_BYTES, HOST_RECEIVE_BUFFERS } from '../../../firmware/limits.js';
import { decodeCardFrame } from '../../../host-driver/card-frame.js';
import { encodeHostFrame } from '../../../host-driver/host-frame.js';
import { cardRegisters, cardWindows } from '../../../protos/registers/card-registers.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type CardFrame, CommandSchema, ConnectSchema, Opcode, PropertyGetSchema, PropertySetSchema } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { type Input, must, type Target } from '../target.js';
import { formattedImage, FuzzCard } from './fuzz-card.js';

/** How often the card's time goes on for a part that is empty. */
const PAUSE_MS = 1000;

/** Frames of one host, the first behind a Connect; an empty one lets time pass. They go to a whole card. */
export const hostFrames: Target = {
  name: 'host-frames',
  seeds: () => [
    [command({ queue: 1, commandId: 1, opcode: Opcode.WRITE, lba: 8n, blocks: 1, fua: true }, new Uint8Array(BLOCK_BYTES).fill(5)), command({ queue: 1, commandId: 2, opcode: Opcode.READ, lba: 8n, blocks: 2 })],
    [command({ queue: 1, commandId: 1, opcode: Opcode.WRITE_ZEROES, lba: 0n, blocks: 9 }), command({ queue: 1, commandId: 2, opcode: Opcode.DISCARD, lba: 16n, blocks: 8 }), command({ queue: 1, commandId: 3, opcode: Opcode.FLUSH })],
    [command({ queue: 1, commandId: 1, opcode: Opcode.WRITE, lba: 8n, blocks: 2 }, new Uint8Array(BLOCK_BYTES)), command({ queue: 1, commandId: 2, opcode: Opcode.WRITE, lba: 8n, blocks: 1 }, new Uint8Array(100))],
    [admin({ case: 'identify', value: {} }), admin({ case: 'getStatus', value: {} }), admin({ case: 'getDirtyRuns', value: { maxRuns: 2 } })],
    [admin({ case: 'establish', value: { secondaryName: 'york', flashCopy: true } }), admin({ case: 'mediumExport', value: { path: '/m' } }), admin({ case: 'flashCopyStop', value: {} }), admin({ case: 'dissolve', value: {} })],
    [admin({ case: 'connectPeer', value: { address: 'tcp://127.0.0.1:7101', conventional: true, overwrite: true } }), admin({ case: 'stop', value: { access: true } }), admin({ case: 'start', value: { discardSecondary: true } }), admin({ case: 'disconnectPeer', value: {} })],
    [admin({ case: 'mediumLoad', value: { path: '/m', overwrite: true } }), admin({ case: 'flashCopyStart', value: {} })],
    [registerRead(0, 4), registerWrite(cardRegisters.CONTROL.offset, 0), registerRead(cardRegisters.DIRTY_COUNT.offset, 8), registerWrite(cardRegisters.SQ_TAIL_DOORBELL.offset, 1)],
    mailbox(),
    [toBytes({ case: 'connect', value: create(ConnectSchema, { version: 1, queueDepth: 1, nonce: 9 }) }), new Uint8Array(0), command({ queue: 1, commandId: 1, opcode: Opcode.READ, lba: 0n, blocks: 1 })],
  ],
  run: (input) => {
    const host = new FuzzCard(formattedImage());
    host.settle();
    connect(host);
    const answers: CardFrame[] = [];
    for (const part of input) {
      if (part.length === 0) host.pass(PAUSE_MS);
      else host.hosts.deliver(part);
      host.settle();
      answers.push(...taken(host));
    }
    const closed = host.hosts.connection === undefined;
    const changed = host.changedPart();
    must(changed === undefined || answers.some(succeeded), `nothing succeeded, and ${String(changed)} is changed`);
    mustServe(host);
    host.mustBootAgain();
    return `${answers.some(succeeded) ? 'accepted' : 'refused'} ${closed ? 'closed' : lastStatus(answers)}`;
  },
};

function connect(host: FuzzCard): Status {
  host.hosts.connect();
  host.settle();
  host.hosts.deliver(toBytes({ case: 'connect', value: create(ConnectSchema, { version: 1, queueDepth: 4, nonce: 1 }) }));
  host.settle();
  const [{ body } = { body: undefined }] = taken(host);
  return body?.case === 'connected' ? body.value.status : Status.UNSPECIFIED;
}

/** Whatever came, the next host finds a card with all its buffers. */
function mustServe(host: FuzzCard): void {
  host.hosts.hangUp();
  host.settle();
  must(host.hosts.posted.length === HOST_RECEIVE_BUFFERS, `${String(host.hosts.posted.length)} receive buffers are left`);
  must(connect(host) === Status.SUCCESS, 'it does not let the next host in');
  host.hosts.deliver(command({ queue: 1, commandId: 77, opcode: Opcode.FLUSH }));
  host.settle();
  const [{ body } = { body: undefined }] = taken(host);
  // CONTROL.ENABLE may have been cleared.
  must(body?.case === 'completion' && (body.value.status === Status.SUCCESS || body.value.status === Status.BUSY), 'it does not serve the next host');
}

function taken(host: FuzzCard): CardFrame[] {
  return host.hosts.sent.splice(0).map((frame) => {
    const decoded = decodeCardFrame(frame);
    must(decoded?.body.case !== undefined, 'the card sends what is no CardFrame');
    return decoded;
  });
}

function succeeded({ body }: CardFrame): boolean {
  return (body.case === 'completion' || body.case === 'propertyValue') && body.value.status === Status.SUCCESS;
}

function lastStatus(answers: readonly CardFrame[]): string {
  const body = answers.at(-1)?.body;
  return body?.case === undefined ? 'nothing' : statusName(body.value.status);
}

function toBytes(body: Parameters<typeof encodeHostFrame>[0], payload?: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat(encodeHostFrame(body, payload)));
}

function command(init: MessageInitShape<typeof CommandSchema>, payload?: Uint8Array): Uint8Array {
  return toBytes({ case: 'command', value: create(CommandSchema, init) }, payload);
}

function admin(request: NonNullable<MessageInitShape<typeof AdminRequestSchema>['request']>): Uint8Array {
  return command({ queue: 0, commandId: 1, opcode: Opcode.ADMIN, admin: create(AdminRequestSchema, { request }) });
}

function registerRead(offset: number, lengthBytes: number): Uint8Array {
  return toBytes({ case: 'propertyGet', value: create(PropertyGetSchema, { requestId: 1, offset, lengthBytes }) });
}

function registerWrite(offset: number, value: number): Uint8Array {
  return toBytes({ case: 'propertySet', value: create(PropertySetSchema, { requestId: 2, offset, value: new Uint8Array(Uint32Array.of(value).buffer) }) });
}

/** A request through the registers: window, length, doorbell; then the answer is read. */
function mailbox(): Input {
  const request = toBinary(AdminRequestSchema, create(AdminRequestSchema, { request: { case: 'establish', value: { secondaryName: 'york' } } }));
  const padded = new Uint8Array(Math.ceil(request.length / 4) * 4);
  padded.set(request);
  const { offset } = cardWindows.MAILBOX_WINDOW;
  return [
    toBytes({ case: 'propertySet', value: create(PropertySetSchema, { requestId: 3, offset, value: padded }) }),
    registerWrite(cardRegisters.MAILBOX_COMMAND.offset, request.length),
    registerWrite(cardRegisters.MAILBOX_DOORBELL.offset, 1),
    registerRead(cardRegisters.MAILBOX_STATUS.offset, 4),
    registerRead(offset, 64),
  ];
}
