/*
 * The part of docs/registers.md that is written by hand: what stands before the list of registers.
 */

export const THEORY_OF_OPERATION = `
## Theory of operation

A card shows its host one space of registers, as a PCIe card shows its BAR 0. A host reaches it with property
frames (\`PropertyGet\` and \`PropertySet\`, see [protocol.md](protocol.md)); an access in the frame is an access
to the space, with the same effects.

**Four things stand in it.**

- *Who and what*: \`ID\`, \`VERSION\`, \`CAPABILITIES\`. A driver reads these first, and goes on only when the letters
  and the major version are those it knows.
- *State*: \`STATUS\` at a glance, and behind it the link, the relationship, the T0 image, the grains. These
  registers show the moment of the access. Nothing is commanded through them.
- *Events*: \`INT_STATUS\` remembers what has happened until the host clears it, \`ERROR_COUNT\` and \`ERROR_LAST\` what
  went wrong.
- *Ways in*: the mailbox for administration, and one pair of doorbells for each queue slot.

**Accesses** are whole words of 4 bytes at offsets that are multiples of 4; one access may cover several words,
which take effect one by one from the lowest. Everything is little endian. Any other access is answered with
\`MISALIGNED\`.

**Access words.** Each register has one:

| word | read | write |
|---|---|---|
| \`ro\` | the value | refused |
| \`rw\` | the value | sets the value |
| \`wo\` | zero | acts |
| \`rw1c\` | the value | ones clear their bits, zeroes leave theirs |
| \`rw1s\` | the value | ones set their bits, the card clears them |
| \`rc\` | the value, which is zero from then on | refused |

**What has no effect.** An access that touches a word which is no register is answered with \`UNKNOWN_REGISTER\`, a
write that touches an \`ro\` or \`rc\` register with \`REGISTER_NOT_WRITABLE\`; the whole access then has no effect.
Reserved bits read as zero; ones written to them have no effect, and the fields beside them take theirs. The
card logs each of these.

**Wide registers.** A register of 8 bytes is two words, the low half first. Read it in one access of 8 bytes.
Who reads word by word reads the low word first: that keeps the high word of the same moment for the next read.
Between two hosts that do so at once, only the access of 8 bytes is safe.
`;

export const PROGRAMMERS_GUIDE = `
## Programmer's guide

### Finding a card

1. Read \`ID\`. Anything but "GLNK" is no card.
2. Read \`VERSION\`. Stop when \`MAJOR\` is not the one you were written for.
3. Read \`STATUS\` until \`STARTING\` is clear. With \`READY\` set the card takes commands.
4. Read \`CAPABILITIES\` for the limits.

### Using the mailbox

The mailbox carries an \`AdminRequest\` in and an \`AdminResponse\` out (both in
[admin.proto](../protos/grainlink/host/v1/admin.proto)), by register accesses alone. It takes one request at a
time; all hosts of the card share it. Hosts that administer a card at once had better use their admin queues.

1. Read \`MAILBOX_DOORBELL\` until \`GO\` is clear.
2. Write the encoded request to \`MAILBOX_WINDOW\`, filled up to whole words.
3. Write its length in bytes, without the filling, to \`MAILBOX_COMMAND\`.
4. Write 1 to \`MAILBOX_DOORBELL\`. The card takes a copy of the request.
5. Read \`MAILBOX_DOORBELL\` until \`GO\` is clear, or wait for \`MAILBOX\` in \`INT_STATUS\`.
6. Read \`MAILBOX_STATUS\`. In state \`DONE\` read the length from \`MAILBOX_RESPONSE\` and the response from
   \`MAILBOX_WINDOW\`: whether the *command* succeeded stands in its \`status\`. In state \`ERROR\` the *mailbox*
   failed, and \`CODE\` says how: \`INVALID_FIELD\`, the request had no bytes or more than fit; \`TRANSFER_TOO_LARGE\`,
   the response did not fit, and the command was carried out all the same.

While the mailbox is \`BUSY\`, writes to its window, its length and its doorbell are answered with \`BUSY\` and have
no effect. A long job (an export, a load) answers as soon as it runs; \`JOB\` in \`INT_STATUS\` tells its end.

### Queues and doorbells

Each connection of a host has two slots in the doorbell array: \`Connected.queue_slot\` is that of its admin queue,
and the next one that of its I/O queue. A slot has a submission queue, with a tail that the host moves and a
head that the card moves, and a completion queue where it is the other way round; all are counted modulo the
depth of the queue.

Commands come as capsules: one frame holds the entry of the submission queue and its data. **A capsule rings for
itself**: when it arrives, the port lays it into the queue and moves the tail, and the frame that carries a
completion moves the head of the completion queue. So a host writes no doorbell. What it reads there shows how far
the queues are, which is worth much when a queue seems to stand still. Writing the value that a doorbell has
does nothing; any other value would name entries that do not exist, and is refused with \`INVALID_FIELD\` and logged.
A slot without a connection reads as zero.

The host learns the head of the submission queue from \`Completion.sq_head\`, and keeps no more commands in flight
than the depth it was granted. \`Completion.phase\` inverts each time the completion queue wraps, so that a lost or
doubled completion shows.

### Waiting for something to happen

\`INT_STATUS\` has a bit for each cause. To see one event and miss none:

1. Write the bits you saw to \`INT_STATUS\`: it clears those, and no other.
2. *Then* read the state that belongs to them. What happens from now on sets the bit again.

There is no interrupt line on a byte stream: poll \`STATUS\`, whose bit \`INTERRUPT\` says in one read whether any
cause is set that \`INT_MASK\` does not mask.
`;
