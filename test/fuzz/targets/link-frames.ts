import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { CardImage } from '../../../emulator/simulation/card-image.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { ID_BYTES } from '../../../firmware/metadata/format.js';
import { LinkFrameSchema, type LinkFrame } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { seededPair } from '../../firmware/support/seeding.js';
import type { Pair } from '../../firmware/support/pair.js';
import { type Input, must, type Outcome, type Target } from '../target.js';
import { FuzzCard, imageOf } from './fuzz-card.js';

/*
 * Frames on the online link (224), to either card of a pair that has been synchronized and was parted: its primary
 * has written since. After a first byte of RAW a frame comes as it is; of REPAIRED it gets the session, sequence and
 * nonce that are due, if it is a frame; of WRITE or FLUSH the card's own host does something. An empty part lets
 * time pass.
 */
const RAW = 0;
const REPAIRED = 1;
const WRITE = 2;
const FLUSH = 3;

const PAUSE_MS = 300;
/** Of frames: a grain crosses in two pieces. */
const PAYLOAD_BYTES = 2048;

/** What both cards hold while they are parted, and what they say when they meet again. */
interface Meeting {
  readonly primary: CardImage;
  readonly secondary: CardImage;
  readonly toPrimary: readonly Uint8Array[];
  readonly toSecondary: readonly Uint8Array[];
}

export const linkToPrimary = linkTarget('link-to-primary', ({ primary, toPrimary }) => ({ image: primary, frames: toPrimary }), 'welcome');
export const linkToSecondary = linkTarget('link-to-secondary', ({ secondary, toSecondary }) => ({ image: secondary, frames: toSecondary }), 'accept');

/** @param admitted the frame with which the card lets the other into a session. */
function linkTarget(name: string, part: (meeting: Meeting) => { readonly image: CardImage; readonly frames: readonly Uint8Array[] }, admitted: string): Target {
  return {
    name,
    seeds: () => {
      const frames = part(meeting()).frames.map((frame) => Uint8Array.of(REPAIRED, ...frame));
      const negotiation = frames.slice(0, 4);
      const [first = new Uint8Array(0)] = frames;
      return [frames, [...negotiation, Uint8Array.of(WRITE, 7), Uint8Array.of(FLUSH), ...frames.slice(4)], [first, new Uint8Array(0), first]];
    },
    run: (input) => runOn(part(meeting()).image, input, admitted),
  };
}

function runOn(image: CardImage, input: Input, admitted: string): Outcome {
  const card = new FuzzCard(image, { peerPayloadBytes: PAYLOAD_BYTES });
  card.settle();
  const peer = new Peer(card);
  for (const part of input) {
    if (part.length === 0) card.pass(PAUSE_MS);
    else if (part[0] === WRITE) ownWrite(card, part[1] ?? 0);
    else if (part[0] === FLUSH) card.card.loop.fork('own flush', card.components.io.flush());
    else peer.says(part.subarray(1), part[0] !== RAW);
    card.settle();
    peer.listens();
  }
  const isAdmitted = peer.heard.has(admitted);
  const changed = card.changedPart();
  const mayChange = isAdmitted || input.some((part) => part[0] === WRITE) || notesFork(card);
  must(changed === undefined || mayChange, `nobody was let in, and ${String(changed)} is changed`);
  mustKeepIds(card);
  card.mustBootAgain();
  return `${isAdmitted ? 'accepted' : 'refused'} ${peer.last}`;
}

/** A primary refuses its own secondary while hosts write there, and keeps that they do (rule 16). */
function notesFork({ components }: FuzzCard): boolean {
  return components.core.state.control.current.peerForkId !== 0n;
}

/** Ids that came over the link are kept whole, or not at all: of the wrong length they would be nobody's. */
function mustKeepIds({ components }: FuzzCard): void {
  const { relationshipId, sourceVolumeId, loadId } = components.core.state.control.current.identity;
  must([relationshipId, sourceVolumeId, loadId].every(({ length }) => length === ID_BYTES), 'an id of another length is kept');
}

/** The other end of the line. */
class Peer {
  readonly heard = new Set<string>();
  last = 'nothing';
  #session = 0n;
  #sequence = 0;
  #nonce = 0n;

  constructor(private readonly card: FuzzCard) {
    // A secondary has dialled by itself.
    this.listens();
  }

  says(bytes: Uint8Array, repaired: boolean): void {
    const { peer } = this.card;
    if (peer.connection === undefined) peer.connect();
    this.card.settle();
    peer.deliver(repaired ? this.#repaired(bytes) : bytes);
  }

  listens(): void {
    for (const bytes of this.card.peer.sent.splice(0)) {
      const { body } = fromBinary(LinkFrameSchema, bytes);
      this.last = body.case ?? 'nothing';
      this.heard.add(this.last);
      if (body.case === 'welcome') this.#begin(body.value.session);
      if (body.case === 'hello') this.#nonce = body.value.nonce;
    }
  }

  #begin(session: bigint): void {
    this.#session = session;
    this.#sequence = 0;
  }

  #repaired(bytes: Uint8Array): Uint8Array {
    const frame = decoded(bytes);
    if (frame === undefined) return bytes;
    if (frame.body.case === 'welcome') {
      frame.body.value.nonce = this.#nonce;
      this.#begin(frame.body.value.session);
    }
    if (frame.session !== 0n) {
      frame.session = this.#session;
      frame.sequence = this.#sequence;
      this.#sequence += 1;
    }
    return toBinary(LinkFrameSchema, frame);
  }
}

function decoded(bytes: Uint8Array): LinkFrame | undefined {
  try {
    return fromBinary(LinkFrameSchema, bytes);
  } catch {
    return undefined;
  }
}

/** Whatever comes of it: a secondary refuses it. */
function ownWrite(card: FuzzCard, grain: number): void {
  const { grainBytes } = card.board.geometry;
  card.card.loop.fork('own write', card.components.io.write(grain * grainBytes, new Uint8Array(BLOCK_BYTES).fill(9), false));
}

let known: Meeting | undefined;

function meeting(): Meeting {
  known ??= record();
  return known;
}

function record(): Meeting {
  const pair = seededPair({ maxPayloadBytes: PAYLOAD_BYTES });
  pair.connect();
  pair.untilSynchronized();
  pair.untilSwept();
  pair.wire.cut();
  pair.settle();
  writeOne(pair, 3);
  pair.finish(pair.primary.flush());
  const [primary, secondary] = [imageOf(pair.primary.board), imageOf(pair.secondary.board)];
  const said = { toPrimary: [] as Uint8Array[], toSecondary: [] as Uint8Array[] };
  pair.wire.fault = ({ from, bytes }) => {
    (from === pair.primary.name ? said.toSecondary : said.toPrimary).push(bytes.slice());
    return 'deliver';
  };
  pair.wire.restore();
  pair.untilSynchronized();
  writeOne(pair, 5);
  pair.finish(pair.primary.zero(6 * pair.primary.board.geometry.grainBytes, BLOCK_BYTES));
  pair.finish(pair.primary.flush());
  pair.untilSwept();
  return { primary, secondary, ...said };
}

function writeOne(pair: Pair, grain: number): void {
  pair.finish(pair.primary.write(grain * pair.primary.board.geometry.grainBytes, new Uint8Array(BLOCK_BYTES).fill(grain)));
}
