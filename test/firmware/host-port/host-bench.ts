import { heapMemory } from '../../../emulator/parts/heap-memory.js';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import {
  type CardFrame,
  type CommandSchema,
  type Completion,
  type Connected,
  HostFrameSchema,
  Opcode,
  type PropertyValue,
} from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { type AdminHandlers, NO_RESULT } from '../../../firmware/commands/admin.js';
import { HostPort } from '../../../firmware/host-port/host-port.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { CommandError } from '../../../firmware/errors.js';
import { ScriptedIo } from './scripted-io.js';
import { ScriptedPort } from './scripted-port.js';
import { BenchClock, settle } from '../support/tasks.js';

export const VOLUME_BYTES = 1 << 20;
export const VOLUME_BLOCKS = VOLUME_BYTES / 512;

type CommandInit = MessageInitShape<typeof CommandSchema>;

function* nothing(): Task<typeof NO_RESULT> {
  return NO_RESULT;
}

/** Handlers of a card on which everything succeeds, unless a test says otherwise. */
export function adminStub(own: Partial<AdminHandlers> = {}): AdminHandlers {
  return {
    identify: nothing,
    getStatus: nothing,
    establish: nothing,
    dissolve: nothing,
    flashCopyStart: nothing,
    flashCopyStop: nothing,
    mediumExport: nothing,
    mediumLoad: nothing,
    connectPeer: nothing,
    disconnectPeer: nothing,
    stop: nothing,
    start: nothing,
    getDirtyRuns: nothing,
    ...own,
  };
}

/** A host port over scripted parts, and what a host would do with it. */
export class HostBench {
  readonly clock = new BenchClock();
  readonly loop = new EventLoop(this.clock, () => undefined);
  readonly port = new ScriptedPort();
  readonly io = new ScriptedIo(this.loop, VOLUME_BYTES);
  readonly partFailures: string[] = [];
  readonly hostPort: HostPort;
  enabled = true;
  completionsPosted = 0;

  constructor(admin: AdminHandlers = adminStub()) {
    this.hostPort = new HostPort({
      loop: this.loop,
      port: this.port,
      memory: heapMemory,
      trace: { event: () => undefined },
      volumeBytes: VOLUME_BYTES,
      io: this.io,
      admin,
      registers: {
        read: (offset, lengthBytes) => {
          if (offset === 0x666) throw new CommandError(Status.UNKNOWN_REGISTER, 'no such register');
          return new Uint8Array(lengthBytes).fill(offset);
        },
        write: (offset) => {
          if (offset === 0) throw new CommandError(Status.REGISTER_NOT_WRITABLE, 'ID is ro');
        },
      },
      enabled: () => this.enabled,
      completionPosted: () => { this.completionsPosted += 1; },
      partFailed: (status, detail) => { this.partFailures.push(`${Status[status]}: ${detail}`); },
    });
    this.hostPort.start();
  }

  /** A connection on which nothing was said yet. */
  opened(connection: number): void {
    this.port.hostOpens(connection);
    settle(this.loop);
  }

  /** A connection whose Connect was answered. */
  connected(connection: number, queueDepth = 4): Connected {
    this.opened(connection);
    return this.connects(connection, { version: 1, queueDepth, nonce: 99 });
  }

  connects(connection: number, value: { readonly version: number; readonly queueDepth: number; readonly nonce: number }): Connected {
    this.sends(connection, { body: { case: 'connect', value } });
    const { body } = this.reads(connection);
    if (body.case !== 'connected') throw new Error(`expected Connected, not ${String(body.case)}`);
    return body.value;
  }

  sends(connection: number, frame: MessageInitShape<typeof HostFrameSchema>): void {
    this.port.hostSends(connection, toBinary(HostFrameSchema, create(HostFrameSchema, frame)));
    settle(this.loop);
  }

  /** Sends a command; by default to the I/O queue. */
  submits(connection: number, command: CommandInit, payload: Uint8Array = new Uint8Array(0)): void {
    this.sends(connection, { body: { case: 'command', value: { queue: 1, ...command } }, payload });
  }

  /** Sends an administration request to the admin queue. */
  administers(connection: number, commandId: number, request: MessageInitShape<typeof AdminRequestSchema>['request']): void {
    const admin = create(AdminRequestSchema, request === undefined ? {} : { request });
    this.submits(connection, { queue: 0, commandId, opcode: Opcode.ADMIN, admin });
  }

  /** The next frame that the host reads. */
  reads(connection: number): CardFrame {
    const frame = this.port.hostReads(connection);
    settle(this.loop);
    if (frame === undefined) throw new Error('the card has sent nothing');
    return frame;
  }

  completion(connection: number): Completion & { readonly data: Uint8Array } {
    const { body, payload } = this.reads(connection);
    if (body.case !== 'completion') throw new Error(`expected a completion, not ${String(body.case)}`);
    return { ...body.value, data: payload };
  }

  property(connection: number): PropertyValue {
    const { body } = this.reads(connection);
    if (body.case !== 'propertyValue') throw new Error(`expected a property value, not ${String(body.case)}`);
    return body.value;
  }

  /** Sends a command and reads its completion. */
  executes(connection: number, command: CommandInit, payload?: Uint8Array): Completion & { readonly data: Uint8Array } {
    this.submits(connection, command, payload);
    return this.completion(connection);
  }
}
