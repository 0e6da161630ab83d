import { create, equals, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type AdminRequest,
  AdminRequestSchema,
  type AdminResponse,
  CardIdentitySchema,
  DiskState,
  RelationshipState,
} from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CARD_ID, cardRegisters, MAP_VERSION_MAJOR } from '../../protos/registers/card-registers.js';
import { unpackField } from '../../protos/registers/fields.js';
import type { Bench } from './conformance-bench.js';

const UNKNOWN_OFFSET = 0x0ffc;

export function conformanceOfAdministration(bench: Bench): void {
  it('identifies itself as it told at Connect', async () => {
    const driver = await bench.connect();
    const identity = await driver.identify();
    expect(identity.sizeBytes).toBe(BigInt(driver.geometry.volumeBytes));
    expect(identity.blockBytes).toBe(driver.geometry.blockBytes);
    expect(identity.cardId).toHaveLength(16);
    expect(identity.volumeId).toHaveLength(16);
    expect(identity.grainBytes % identity.blockBytes).toBe(0);
  });

  it('has the status of a card that was just formatted', async () => {
    const driver = await bench.connect();
    const status = await driver.status();
    expect(status.role).toBe(Role.STANDALONE);
    expect(status.state).toBe(RelationshipState.NONE);
    expect(status.diskState).toBe(DiskState.UP_TO_DATE);
    expect(status.grainsOutOfSync).toBe(0n);
    expect(status.sizeBytes).toBe(BigInt(driver.geometry.volumeBytes));
    expect(status.grainsTotal).toBe(BigInt(Math.ceil(driver.geometry.volumeBytes / status.grainBytes)));
  });

  it('shows its id and the version of its map in the registers', async () => {
    const driver = await bench.connect();
    expect(await driver.readRegister('ID')).toBe(BigInt(CARD_ID));
    const version = await driver.readRegister('VERSION');
    expect(unpackField(cardRegisters.VERSION.fields.MAJOR, version)).toBe(BigInt(MAP_VERSION_MAJOR));
    expect(await driver.readRegister(cardRegisters.ID.offset)).toBe(BigInt(CARD_ID));
  });

  it('lists every register', async () => {
    const driver = await bench.connect();
    const readings = await driver.readRegisters();
    expect(readings.map(({ name }) => name)).toEqual(expect.arrayContaining(['ID', 'DIRTY_COUNT', 'SQ_TAIL_DOORBELL[31]']));
    expect(readings.find(({ name }) => name === 'ID')?.value).toBe(BigInt(CARD_ID));
    expect(readings.find(({ name }) => name === 'ERROR_COUNT')?.value).toBeUndefined();
  });

  it('refuses an offset where there is no register, and goes on', async () => {
    const driver = await bench.connect();
    await expect(driver.readRegister(UNKNOWN_OFFSET)).rejects.toMatchObject({ status: Status.UNKNOWN_REGISTER });
    await expect(driver.writeRegister(UNKNOWN_OFFSET, 1)).rejects.toMatchObject({ status: Status.UNKNOWN_REGISTER });
    expect(await driver.readRegister('ID')).toBe(BigInt(CARD_ID));
  });

  it('refuses a write to a read-only register, which has no effect', async () => {
    const driver = await bench.connect();
    await expect(driver.writeRegister('ID', 0)).rejects.toMatchObject({ status: Status.REGISTER_NOT_WRITABLE });
    expect(await driver.readRegister('ID')).toBe(BigInt(CARD_ID));
  });

  it('answers the same through the mailbox as through the admin queue', async () => {
    const driver = await bench.connect();
    const identify = adminRequest({ case: 'identify', value: {} });
    const [queued, mailed] = [await driver.admin(identify), await driver.mailbox(identify)];
    expect(equals(CardIdentitySchema, identityOf(mailed), identityOf(queued))).toBe(true);

    // Refusals too: there is nothing to dissolve on a fresh card.
    const dissolve = adminRequest({ case: 'dissolve', value: {} });
    const [queuedRefusal, mailedRefusal] = [await driver.admin(dissolve), await driver.mailbox(dissolve)];
    expect(queuedRefusal.status).toBe(Status.NO_RELATIONSHIP);
    expect(mailedRefusal).toEqual(queuedRefusal);
  });

  it('answers many requests to the mailbox, each with its own', async () => {
    const driver = await bench.connect();
    const cases = ['identify', 'getStatus', 'identify', 'getStatus', 'identify'] as const;
    const answers = await Promise.all(cases.map((request) => driver.mailbox(adminRequest({ case: request, value: {} }))));
    expect(answers.map(({ result }) => result.case)).toEqual(['identity', 'cardStatus', 'identity', 'cardStatus', 'identity']);
  });

  it('takes more requests at once than its admin queue is deep', async () => {
    const driver = await bench.connect();
    const count = 3 * driver.geometry.adminQueueDepth;
    const identities = await Promise.all(Array.from({ length: count }, () => driver.identify()));
    expect(identities).toHaveLength(count);
    expect(driver.anomalies).toEqual({ unexpectedFrames: 0, unknownCompletions: 0, outOfPhase: 0, impossibleHeads: 0 });
  });

  it('refuses a request that names nothing', async () => {
    const driver = await bench.connect();
    // As an answer, or without one.
    const answer: unknown = await driver.admin(create(AdminRequestSchema)).catch((error: unknown) => error);
    expect(answer).toMatchObject({ status: Status.UNKNOWN_COMMAND });
  });
}

function adminRequest(request: MessageInitShape<typeof AdminRequestSchema>['request']): AdminRequest {
  return create(AdminRequestSchema, request === undefined ? {} : { request });
}

function identityOf({ result }: AdminResponse) {
  if (result.case !== 'identity') throw new Error(`no identity but ${result.case ?? 'nothing'}`);
  return result.value;
}
