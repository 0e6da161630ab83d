import { beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../../firmware/errors.js';
import { RegisterFile } from '../../../firmware/registers/register-file.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Access, defineRegisters, type Field } from '../../../protos/registers/register-map.js';

const lowByte: Record<string, Field> = { VALUE: { lsb: 0, widthBits: 8, description: 'A byte.' } };

function byteRegister(offset: number, access: Access, reset = 0) {
  return { offset, widthBytes: 4, access, reset, description: 'A register.', fields: lowByte } as const;
}

const windows = { MEMORY: { offset: 0x100, lengthBytes: 16, description: 'Memory.' } };
const map = defineRegisters(
  {
    RO: byteRegister(0x00, 'ro', 0x11),
    RW: byteRegister(0x04, 'rw', 0x22),
    WO: byteRegister(0x08, 'wo', 0x33),
    RW1C: byteRegister(0x0c, 'rw1c', 0xff),
    RW1S: byteRegister(0x10, 'rw1s', 0x01),
    RC: byteRegister(0x14, 'rc', 0x44),
    WIDE: { offset: 0x18, widthBytes: 8, access: 'ro', description: 'Wide.', fields: { VALUE: { lsb: 0, widthBits: 64, description: 'All.' } } },
    BELL: { ...byteRegister(0x40, 'rw'), array: { count: 4, strideBytes: 8 } },
  },
  windows,
);

let lines: string[];
let wide: bigint;
let written: string[];
let windowBusy: boolean;
const memory = new Uint8Array(16);

function makeFile() {
  return new RegisterFile(
    map,
    [
      {
        RW: { write: (value) => written.push(`RW=${String(value)}`) },
        WIDE: { read: () => wide },
        BELL: {
          read: (index) => 10 + index,
          write: (value, index) => {
            if (value > 100) throw new CommandError(Status.INVALID_FIELD, 'no such entry');
            written.push(`BELL${String(index)}=${String(value)}`);
          },
        },
      },
    ],
    [
      {
        offset: 0x100,
        memory,
        checkWritable: () => {
          if (windowBusy) throw new CommandError(Status.BUSY);
        },
      },
    ],
    (line) => lines.push(line),
  );
}

let file: ReturnType<typeof makeFile>;
beforeEach(() => {
  lines = [];
  written = [];
  wide = 0x1122_3344_5566_7788n;
  windowBusy = false;
  memory.fill(0);
  file = makeFile();
});

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function readWord(offset: number): number {
  return new DataView(file.read(offset, 4).buffer).getUint32(0, true);
}

function statusOf(access: () => unknown): Status {
  try {
    access();
  } catch (error) {
    if (error instanceof CommandError) return error.status;
    throw error;
  }
  return Status.SUCCESS;
}

describe('the access words', () => {
  it.each([
    ['rw takes what is written', 'RW', 0x22, 0x5a, 0x5a],
    ['wo reads as zero', 'WO', 0, 0x5a, 0],
    ['rw1c clears the ones, and only those', 'RW1C', 0xff, 0x0f, 0xf0],
    ['rw1s sets the ones, and clears nothing', 'RW1S', 0x01, 0xf0, 0xf1],
  ] as const)('%s', (_meaning, name, before, write, after) => {
    const { offset } = map[name];
    expect(readWord(offset)).toBe(before);
    file.write(offset, word(write));
    expect(readWord(offset)).toBe(after);
    expect(lines).toEqual([]);
  });

  it('ro and rc refuse a write, log it and keep their value', () => {
    for (const name of ['RO', 'RC'] as const) {
      lines = [];
      expect(statusOf(() => { file.write(map[name].offset, word(0)); })).toBe(Status.REGISTER_NOT_WRITABLE);
      expect(lines).toEqual([expect.stringMatching(new RegExp(`refused: REGISTER_NOT_WRITABLE: ${name} is`))]);
      expect(readWord(map[name].offset)).toBe(map[name].reset);
    }
  });

  it('rc is zero once it was read', () => {
    file.countUp('RC');
    expect(file.stored('RC')).toBe(0x45);
    expect(readWord(0x14)).toBe(0x45);
    expect(readWord(0x14)).toBe(0);
  });

  it('a count stays at its greatest value', () => {
    file.setBits('RC', 0xffff_ffff);
    file.countUp('RC');
    expect(readWord(0x14)).toBe(0xffff_ffff);
  });

  it('a cause set by the card is there until the host clears it', () => {
    file.write(map.RW1C.offset, word(0xff));
    file.setBits('RW1C', 0x80);
    expect(readWord(map.RW1C.offset)).toBe(0x80);
    expect(readWord(map.RW1C.offset)).toBe(0x80);
    file.write(map.RW1C.offset, word(0x80));
    expect(readWord(map.RW1C.offset)).toBe(0);
  });
});

describe('reserved bits', () => {
  it('are logged and have no effect, while the fields beside them take theirs', () => {
    file.write(map.RW.offset, word(0xffff_ff5a));
    expect(readWord(map.RW.offset)).toBe(0x5a);
    expect(written).toEqual(['RW=90']);
    expect(lines).toEqual(['write to reserved bits 0xffffff00 of RW: no effect']);
  });
});

describe('what is no register', () => {
  it.each([0x20, 0x44, 0x5c, 0xfc, 0x110, 0xffff_fffc])('at 0x%s is refused and logged, read or written', (offset) => {
    expect(statusOf(() => file.read(offset, 4))).toBe(Status.UNKNOWN_REGISTER);
    expect(statusOf(() => { file.write(offset, word(1)); })).toBe(Status.UNKNOWN_REGISTER);
    expect(lines).toHaveLength(2);
  });

  it.each([
    [1, 4],
    [0, 3],
    [0, 0],
    [4, 6],
    [0x102, 4],
  ])('%i, %i: an access that is not made of whole words is refused', (offset, lengthBytes) => {
    expect(statusOf(() => file.read(offset, lengthBytes))).toBe(Status.MISALIGNED);
    expect(statusOf(() => { file.write(offset, new Uint8Array(lengthBytes)); })).toBe(Status.MISALIGNED);
  });

  it('refuses an absurd length without allocating for it', () => {
    expect(statusOf(() => file.read(0, 0xffff_fffc))).toBe(Status.UNKNOWN_REGISTER);
    expect(statusOf(() => file.read(0x100, 0xffff_fffc))).toBe(Status.UNKNOWN_REGISTER);
  });
});

describe('an access over several registers', () => {
  it('reads them in order', () => {
    expect([...new Uint32Array(file.read(0x00, 8).buffer)]).toEqual([0x11, 0x22]);
  });

  it('has no effect at all when one of them cannot be read or written', () => {
    expect(statusOf(() => file.read(0x14, 16))).toBe(Status.UNKNOWN_REGISTER);
    expect(readWord(0x14)).toBe(0x44);
    expect(statusOf(() => { file.write(0x10, new Uint8Array(8).fill(0xff)); })).toBe(Status.REGISTER_NOT_WRITABLE);
    expect(readWord(0x10)).toBe(0x01);
  });
});

describe('a wide register', () => {
  it('is one moment in one access of 8 bytes', () => {
    expect(new DataView(file.read(0x18, 8).buffer).getBigUint64(0, true)).toBe(wide);
  });

  it('is one moment word by word too: the low word holds the high one', () => {
    expect(readWord(0x18)).toBe(0x5566_7788);
    wide = 0n;
    expect(readWord(0x1c)).toBe(0x1122_3344);
    expect(readWord(0x18)).toBe(0);
    expect(readWord(0x1c)).toBe(0);
  });
});

describe('what a device adds', () => {
  it('sees the place in an array, for reading and for writing', () => {
    expect(readWord(0x40 + 3 * 8)).toBe(13);
    file.write(0x40 + 2 * 8, word(7));
    expect(written).toEqual(['BELL2=7']);
    expect(readWord(0x40 + 2 * 8)).toBe(12);
  });

  it('may refuse a write: it is logged and answered', () => {
    expect(statusOf(() => { file.write(0x40, word(101)); })).toBe(Status.INVALID_FIELD);
    expect(written).toEqual([]);
    expect(lines).toEqual(['write at 0x40 refused: INVALID_FIELD: no such entry']);
  });
});

describe('a window', () => {
  it('is memory, in any whole words', () => {
    file.write(0x104, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect([...file.read(0x108, 8)]).toEqual([5, 6, 7, 8, 0, 0, 0, 0]);
  });

  it('gives out a copy', () => {
    const before = file.read(0x100, 4);
    file.write(0x100, word(1));
    expect([...before]).toEqual([0, 0, 0, 0]);
  });

  it('is left alone by a write that reaches past its end, or when it is not writable', () => {
    expect(statusOf(() => { file.write(0x10c, new Uint8Array(8).fill(1)); })).toBe(Status.UNKNOWN_REGISTER);
    windowBusy = true;
    expect(statusOf(() => { file.write(0x100, word(1)); })).toBe(Status.BUSY);
    expect([...memory]).toEqual([...new Uint8Array(16)]);
    expect(file.read(0x100, 4)).toHaveLength(4);
  });
});
