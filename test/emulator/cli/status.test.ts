import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { statusJson } from '../../../emulator/cli/status-json.js';
import { statusText } from '../../../emulator/cli/status-text.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { CardStatusSchema, JobKind, JobState, LinkState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type StatusFields, trackingPrimary } from './fake-world.js';

function jsonOf(changes: StatusFields = {}) {
  return statusJson(create(CardStatusSchema, { ...trackingPrimary, ...changes }));
}

describe('status --json', () => {
  it('speaks in the words of DRBD and SVC', () => {
    expect(jsonOf({ state: RelationshipState.CONSISTENT_SYNCHRONIZED })).toMatchObject({
      role: 'Primary',
      state: 'ConsistentSynchronized',
      diskState: 'UpToDate',
      flashCopy: { state: 'Prepared' },
      link: { state: 'Listening' },
    });
  });

  it('tells sizes, grains and percent as numbers, ids as hex digits', () => {
    expect(jsonOf()).toMatchObject({
      generation: '0000000000000abc',
      relationshipId: '0102ff',
      sizeBytes: 1024 ** 3,
      grainBytes: 256 * 1024,
      grainsTotal: 4096,
      outOfSyncGrains: 100,
      intentGrains: 3,
      outOfSyncBytes: 100 * 256 * 1024,
      percentInSync: 97.55,
    });
  });

  it('says 100 percent only when nothing is out-of-sync', () => {
    expect(jsonOf({ grainsTotal: 1_000_000n, grainsOutOfSync: 1n }).percentInSync).toBe(99.99);
    expect(jsonOf({ grainsOutOfSync: 0n }).percentInSync).toBe(100);
  });

  it('is never out-of-sync by more than the volume, whose last grain may be short', () => {
    expect(jsonOf({ sizeBytes: 1000n * 1024n, grainsTotal: 4n, grainsOutOfSync: 4n }).outOfSyncBytes).toBe(1000 * 1024);
  });

  it('counts synchronized grains as sent by a primary and as received by a secondary', () => {
    expect(jsonOf({ grainsSynchronized: 7n })).toMatchObject({ grainsSent: 7, grainsReceived: 0 });
    expect(jsonOf({ role: Role.SECONDARY, grainsSynchronized: 7n })).toMatchObject({ grainsSent: 0, grainsReceived: 7 });
  });

  it('keeps the traffic of the link apart, data and metadata', () => {
    const traffic = { linkDataBytesSent: 1n, linkMetadataBytesSent: 2n, linkDataBytesReceived: 3n, linkMetadataBytesReceived: 4n };
    expect(jsonOf(traffic).link).toMatchObject({ dataBytesSent: 1, metadataBytesSent: 2, dataBytesReceived: 3, metadataBytesReceived: 4 });
  });

  it('has null where there is nothing', () => {
    expect(jsonOf({ generation: 0n, relationshipId: new Uint8Array(0) })).toMatchObject({
      generation: null,
      relationshipId: null,
      job: null,
      flashCopy: { error: null },
      link: { peerAddress: null, error: null },
    });
  });

  it('gives the code of what failed', () => {
    const { link, job } = jsonOf({
      linkStatus: Status.STALE_GENERATION,
      linkDetail: 'generation 7',
      job: { kind: JobKind.LOAD, state: JobState.FAILED, status: Status.MEDIUM_DAMAGED, detail: 'chunk 3' },
    });
    expect(link.error).toMatchObject({ code: 'STALE_GENERATION', detail: 'generation 7' });
    expect(job).toMatchObject({ kind: 'Load', state: 'Failed', error: { code: 'MEDIUM_DAMAGED', detail: 'chunk 3' } });
  });

  it('shows a state that only a later version knows as its number', () => {
    expect(jsonOf({ linkState: 99 as LinkState }).link.state).toBe('Unknown(99)');
  });
});

describe('status for people', () => {
  it('says in the first line who the card is and how it stands', () => {
    expect(statusText(jsonOf()).split('\n')[0]).toBe('Primary of "london": Tracking, disk UpToDate');
  });

  it('shows what is out-of-sync, and divergence', () => {
    const text = statusText(jsonOf({ diverged: true }));
    expect(text).toContain('97.55 %: 100 grains (25 MiB) out-of-sync, 3 in intent');
    expect(text).toContain('--discard-secondary');
  });

  it('does not let a secondary that sees through its own map say that it is in sync', () => {
    const seeded = { role: Role.SECONDARY, state: RelationshipState.SEEDED, grainsOutOfSync: 0n };
    expect(statusText(jsonOf(seeded))).not.toContain('100 %');
    expect(statusText(jsonOf({ ...seeded, state: RelationshipState.CONSISTENT_SYNCHRONIZED }))).toContain('100 %');
  });
});
