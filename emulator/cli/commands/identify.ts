import type { Command } from 'commander';
import type { CardIdentity } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { idText } from '../ids.js';
import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';

export function addIdentify(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'identify',
    summary: 'what the card is',
    description: 'Shows what the card is: ids, sizes, versions. None of it changes while the card lives.',
    examples: ['identify -c tcp://127.0.0.1:7001'],
    run: async (card) => identityReport(await card.identify()),
  });
}

function identityReport(identity: CardIdentity): Report {
  const json = {
    model: identity.model,
    firmwareVersion: identity.firmwareVersion,
    cardId: idText(identity.cardId),
    volumeId: idText(identity.volumeId),
    sizeBytes: Number(identity.sizeBytes),
    blockBytes: identity.blockBytes,
    grainBytes: identity.grainBytes,
    nvramBytes: Number(identity.nvramBytes),
    flashCopyStoreBytes: Number(identity.flashCopyStoreBytes),
    maxTransferBytes: identity.maxTransferBytes,
    metadataKind: identity.metadataKind,
  };
  const text = [
    `${json.model}, firmware ${json.firmwareVersion}`,
    `  card            ${json.cardId ?? 'none'}`,
    `  volume          ${json.volumeId ?? 'none'}`,
    `  size            ${formatBytes(json.sizeBytes)} (${String(json.sizeBytes)} bytes) in blocks of ${String(json.blockBytes)} bytes`,
    `  grain           ${formatBytes(json.grainBytes)}, metadata as ${json.metadataKind}`,
    `  NVRAM           ${formatBytes(json.nvramBytes)}`,
    `  FlashCopy store ${formatBytes(json.flashCopyStoreBytes)}`,
    `  transfer        at most ${formatBytes(json.maxTransferBytes)} a command`,
  ];
  return { json, text: text.map((line) => `${line}\n`).join('') };
}
