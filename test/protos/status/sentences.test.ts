import { describe, expect, it } from 'vitest';
import { Status, StatusSchema } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { statusName, statusSentence, statusSentences } from '../../../protos/status/sentences.js';

const codes = StatusSchema.values.map((value) => value.number as Status);

describe('status sentences', () => {
  it('exist for each code, one sentence that ends in a full stop', () => {
    for (const code of codes) {
      const sentence = statusSentence(code);
      expect(sentence, statusName(code)).toBe(statusSentences[code]);
      expect(sentence, statusName(code)).toMatch(/^[A-Z][^\n]*[^.]\.$/);
      expect(/\. [A-Z]/.exec(sentence), statusName(code)).toBeNull();
    }
  });

  it('are all different, so that an operator can tell two codes apart', () => {
    expect(new Set(Object.values(statusSentences)).size).toBe(codes.length);
  });

  it('name the reason when synchronization is not admitted (rule 8)', () => {
    expect(statusSentence(Status.STALE_GENERATION)).toMatch(/generation/);
    expect(statusSentence(Status.WRONG_VOLUME)).toMatch(/another volume/);
    expect(statusSentence(Status.WRONG_GRAIN_SIZE)).toMatch(/grain size/);
    expect(statusSentence(Status.OTHER_SECONDARY)).toMatch(/bound to another secondary/);
  });
});

describe('the name of a status', () => {
  it('is the code without its prefix', () => {
    expect(statusName(Status.STALE_GENERATION)).toBe('STALE_GENERATION');
    expect(codes.map(statusName)).toEqual(StatusSchema.values.map((value) => value.name.replace('STATUS_', '')));
  });

  it('of a code from a later version is its number, and its sentence says so', () => {
    expect(statusName(999 as Status)).toBe('STATUS_999');
    expect(statusSentence(999 as Status)).toMatch(/code 999, which this version does not know/);
  });
});
