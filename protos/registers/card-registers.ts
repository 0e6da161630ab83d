import type { DescEnum } from '@bufbuild/protobuf';
import { RoleSchema } from '../gen/grainlink/common/v1/common_pb.js';
import {
  DiskStateSchema,
  FlashCopyStateSchema,
  LinkStateSchema,
  RelationshipStateSchema,
} from '../gen/grainlink/host/v1/admin_pb.js';
import { defineRegisters, type Field, type FieldValue } from './register-map.js';

/*
 * The registers of a card, declared here and nowhere else. docs/registers.md, the SVD and the C header are
 * generated from it (`npm run generate`).
 */

/** Queue slots of the doorbell array: an admin and an I/O queue for each of 16 host connections. */
export const QUEUE_SLOTS = 32;
export const MAILBOX_WINDOW_BYTES = 4096;

/** "GLNK" in the order of the bytes. */
export const CARD_ID = 0x4b4e4c47;
export const MAP_VERSION_MAJOR = 1;
export const MAP_VERSION_MINOR = 0;

/** What the mailbox is doing. */
export const MailboxState = { IDLE: 0, BUSY: 1, DONE: 2, ERROR: 3 } as const;

export const cardWindows = {
  MAILBOX_WINDOW: {
    offset: 0x2000,
    lengthBytes: MAILBOX_WINDOW_BYTES,
    description:
      'Memory of the mailbox: the request goes in from its start, the response comes out at the same place. Writes while the mailbox is BUSY have no effect.',
  },
} as const;

const interruptCauses = {
  COMPLETION: flag(0, 'The card sent a completion.'),
  MAILBOX: flag(1, 'The mailbox finished, in state DONE or ERROR.'),
  LINK: flag(2, 'LINK_STATE changed.'),
  ERROR: flag(3, 'The card logged an error.'),
  JOB: flag(4, 'An export or a load ended.'),
};

export const cardRegisters = defineRegisters(
  {
    ID: {
      offset: 0x000,
      widthBytes: 4,
      access: 'ro',
      reset: CARD_ID,
      description: 'Says that this is a grainlink card.',
      fields: { VALUE: wide(32, 'The bytes "GLNK", G at the lowest address.') },
    },
    VERSION: {
      offset: 0x004,
      widthBytes: 4,
      access: 'ro',
      reset: MAP_VERSION_MAJOR * 2 ** 16 + MAP_VERSION_MINOR,
      description: 'Version of this register map.',
      fields: {
        MINOR: { lsb: 0, widthBits: 16, description: 'Grows when registers or fields are added.' },
        MAJOR: { lsb: 16, widthBits: 16, description: 'Grows when one changes its meaning; a driver for another one must not go on.' },
      },
    },
    CAPABILITIES: {
      offset: 0x008,
      widthBytes: 8,
      access: 'ro',
      description: 'What the card can do at most.',
      fields: {
        MAX_QUEUE_DEPTH: { lsb: 0, widthBits: 16, description: 'Entries of the deepest I/O queue.' },
        BLOCK_BYTES_LOG2: { lsb: 16, widthBits: 8, description: 'Logarithm, to base 2, of the bytes of a block.' },
        MAX_TRANSFER_LOG2: { lsb: 24, widthBits: 8, description: 'Logarithm, to base 2, of the most bytes that one command moves.' },
        FLASH_COPY: flag(32, 'The card takes T0 images (202).'),
        MEDIUM: flag(33, 'The card exports and loads portable media (212).'),
        PEER_PORT: flag(34, 'The card has a port where a secondary finds it (224).'),
      },
    },
    CONTROL: {
      offset: 0x010,
      widthBytes: 4,
      access: 'rw',
      reset: 1,
      description: 'Switches of the card.',
      fields: {
        ENABLE: flag(
          0,
          'Set: the card takes commands on its I/O queues. Cleared: it answers BUSY to those that come; those in flight end as usual. Admin queues, mailbox and link are not affected.',
        ),
      },
    },
    STATUS: {
      offset: 0x014,
      widthBytes: 4,
      access: 'ro',
      description: 'The state of the card at a glance.',
      fields: {
        READY: flag(0, 'The card has recovered its state and takes commands.'),
        STARTING: flag(1, 'The card is recovering its state after power came.'),
        FAULT: flag(2, 'A part of the card, its disk or its NVRAM, failed since power came; ERROR_LAST says more.'),
        INTERRUPT: flag(3, 'A bit of INT_STATUS is set that INT_MASK does not mask.'),
        ROLE: enumeration(4, 2, RoleSchema, 'The role of the card in its relationship.'),
        DISK_STATE: enumeration(6, 2, DiskStateSchema, 'What the data of the card is worth.'),
        ACCESS: flag(8, 'Secondary: hosts may write to it (rule 16).'),
      },
    },
    INT_STATUS: {
      offset: 0x018,
      widthBytes: 4,
      access: 'rw1c',
      reset: 0,
      description: 'What has happened since each bit was last cleared.',
      fields: interruptCauses,
    },
    INT_MASK: {
      offset: 0x01c,
      widthBytes: 4,
      access: 'rw',
      reset: 0,
      description: 'A set bit keeps that cause out of STATUS.INTERRUPT. INT_STATUS records it all the same.',
      fields: interruptCauses,
    },
    LINK_STATE: {
      offset: 0x020,
      widthBytes: 4,
      access: 'ro',
      description: 'The online link (224).',
      fields: { STATE: enumeration(0, 3, LinkStateSchema, 'What the link is doing.') },
    },
    SYNC_PROGRESS: {
      offset: 0x024,
      widthBytes: 4,
      access: 'ro',
      description: 'How much of the volume is in sync.',
      fields: {
        PER_TEN_THOUSAND: {
          lsb: 0,
          widthBits: 14,
          description: 'Grains in sync, in parts per ten thousand, rounded down: 10000 only when all of them are.',
        },
      },
    },
    DIRTY_COUNT: {
      offset: 0x028,
      widthBytes: 8,
      access: 'ro',
      description: 'Grains that are out-of-sync.',
      fields: { GRAINS: wide(64, 'Number of grains; those in intent are not counted.') },
    },
    INTENT_COUNT: {
      offset: 0x030,
      widthBytes: 4,
      access: 'ro',
      description: 'Grains in intent: their bit is set only because a mirrored write is, or was just now, in flight (rule 3).',
      fields: { GRAINS: wide(32, 'Number of grains.') },
    },
    RELATIONSHIP_STATE: {
      offset: 0x034,
      widthBytes: 4,
      access: 'ro',
      description: 'The state of the remote copy relationship.',
      fields: { STATE: enumeration(0, 4, RelationshipStateSchema, 'Its state.') },
    },
    GENERATION: {
      offset: 0x038,
      widthBytes: 8,
      access: 'ro',
      description: 'The generation of the relationship: each establishment (302) makes a new one.',
      fields: { ID: wide(64, 'Its id; 0 when none is valid.') },
    },
    GRAINS_TOTAL: {
      offset: 0x040,
      widthBytes: 8,
      access: 'ro',
      description: 'Grains of the volume.',
      fields: { GRAINS: wide(64, 'Number of grains.') },
    },
    GRAIN_BYTES: {
      offset: 0x048,
      widthBytes: 4,
      access: 'ro',
      description: 'Size of a grain; the last one of the volume may be shorter.',
      fields: { BYTES: wide(32, 'A power of two.') },
    },
    FLASH_COPY_STATE: {
      offset: 0x04c,
      widthBytes: 4,
      access: 'ro',
      description: 'The T0 image (202).',
      fields: { STATE: enumeration(0, 3, FlashCopyStateSchema, 'Its state.') },
    },
    ERROR_COUNT: {
      offset: 0x050,
      widthBytes: 4,
      access: 'rc',
      reset: 0,
      description: 'Errors that the card logged since this register was last read.',
      fields: { ERRORS: wide(32, 'Number of errors; stays at its greatest value.') },
    },
    ERROR_LAST: {
      offset: 0x054,
      widthBytes: 4,
      access: 'ro',
      description: 'The newest error that the card logged.',
      fields: { STATUS: { lsb: 0, widthBits: 16, description: 'Its status code, see errors.md; 0 when there was none.' } },
    },
    MAILBOX_COMMAND: {
      offset: 0x060,
      widthBytes: 4,
      access: 'rw',
      reset: 0,
      description: 'Describes the request in MAILBOX_WINDOW.',
      fields: { LENGTH: { lsb: 0, widthBits: 13, description: 'Bytes of the request, 1 to 4096.' } },
    },
    MAILBOX_DOORBELL: {
      offset: 0x064,
      widthBytes: 4,
      access: 'rw1s',
      reset: 0,
      description: 'Hands the request to the card.',
      fields: { GO: flag(0, 'Write 1 to start. Reads 1 until the response is there.') },
    },
    MAILBOX_STATUS: {
      offset: 0x068,
      widthBytes: 4,
      access: 'ro',
      reset: 0,
      description: 'What the mailbox is doing.',
      fields: {
        STATE: {
          lsb: 0,
          widthBits: 2,
          description: 'DONE: the response stands in the window. ERROR: there is none, see CODE.',
          values: Object.entries(MailboxState).map(([name, value]) => ({ name, value })),
        },
        CODE: { lsb: 16, widthBits: 16, description: 'In state ERROR the status code, see errors.md; 0 otherwise.' },
      },
    },
    MAILBOX_RESPONSE: {
      offset: 0x06c,
      widthBytes: 4,
      access: 'ro',
      reset: 0,
      description: 'Describes the response in MAILBOX_WINDOW.',
      fields: { LENGTH: { lsb: 0, widthBits: 13, description: 'Bytes of the response in state DONE; 0 otherwise.' } },
    },
    SQ_TAIL_DOORBELL: {
      offset: 0x1000,
      widthBytes: 4,
      access: 'rw',
      reset: 0,
      array: { count: QUEUE_SLOTS, strideBytes: 8 },
      description: 'Tail of the submission queue in this slot.',
      fields: {
        TAIL: {
          lsb: 0,
          widthBits: 16,
          description: 'Commands that reached the queue, modulo its depth. A capsule moves it as it arrives. A write of any other value names commands that never came, and is refused.',
        },
      },
    },
    CQ_HEAD_DOORBELL: {
      offset: 0x1004,
      widthBytes: 4,
      access: 'rw',
      reset: 0,
      array: { count: QUEUE_SLOTS, strideBytes: 8 },
      description: 'Head of the completion queue in this slot.',
      fields: {
        HEAD: {
          lsb: 0,
          widthBits: 16,
          description: 'Completions that went to the host, modulo the depth. The frame that carries one moves it. A write of any other value is refused.',
        },
      },
    },
  },
  cardWindows,
);

export type CardRegisterName = keyof typeof cardRegisters;

function flag(lsb: number, description: string): Field {
  return { lsb, widthBits: 1, description };
}

function wide(widthBits: 32 | 64, description: string): Field {
  return { lsb: 0, widthBits, description };
}

/** A field that holds a number of a contract's enumeration. */
function enumeration(lsb: number, widthBits: number, schema: DescEnum, description: string): Field {
  const values: FieldValue[] = schema.values.map(({ localName, number }) => ({ name: localName, value: number }));
  return { lsb, widthBits, description, values };
}
