import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { IoContext } from '../commands/io-command.js';
import { ADMIN_QUEUE_DEPTH } from '../limits.js';
import { QueuePair } from '../queues/queue-pair.js';
import type { Finished } from './card-frames.js';
import type { HostLine } from './frame-sender.js';

export const ADMIN_QUEUE = 0;
export const IO_QUEUE = 1;

/** A command in a submission queue. */
export interface HostCommand {
  readonly commandId: number;
  readonly command: Command;
  /** A view of the receive buffer that `release` gives back (rule 10), or empty. */
  readonly payload: Uint8Array;
  readonly release: () => void;
}

export type HostQueue = QueuePair<HostCommand, Finished>;

/** What one Connect opened. */
export interface HostSession {
  readonly line: HostLine;
  /** Its place among the hosts, and in the doorbell array. */
  readonly place: number;
  readonly adminQueue: HostQueue;
  readonly ioQueue: HostQueue;
  readonly io: IoContext;
  /** Answers outside the queues that have not left the port. */
  unsentAnswers: number;
  /** Cleared when the connection is gone, or the host has connected anew. */
  alive: boolean;
}

export function openSession(line: HostLine, place: number, ioQueueDepth: number, io: IoContext): HostSession {
  const adminQueue: HostQueue = new QueuePair(ADMIN_QUEUE, ADMIN_QUEUE_DEPTH);
  const ioQueue: HostQueue = new QueuePair(IO_QUEUE, ioQueueDepth);
  return { line, place, adminQueue, ioQueue, io, unsentAnswers: 0, alive: true };
}

export function queueOf(session: HostSession, queue: number): HostQueue | undefined {
  if (queue === IO_QUEUE) return session.ioQueue;
  return queue === ADMIN_QUEUE ? session.adminQueue : undefined;
}

/** Nobody waits for the session's completions any more. Commands in flight end by themselves. */
export function abandonSession(session: HostSession): void {
  session.alive = false;
  for (const queue of [session.adminQueue, session.ioQueue]) {
    for (const finished of queue.abandon()) finished.data?.release();
  }
}
