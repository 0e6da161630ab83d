import { emitErrorsPage } from '../../status/errors-page.js';
import { cardRegisters, cardWindows } from '../card-registers.js';
import { emitCHeader } from './c-header.js';
import { emitMarkdown } from './markdown.js';
import { emitSvd } from './svd.js';

/** Every file that is generated from the contracts' TypeScript, by its path from the top. `npm run generate` writes them. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'docs/registers.md': emitMarkdown(cardRegisters, cardWindows),
    'docs/errors.md': emitErrorsPage(),
    'protos/registers/generated/grainlink.svd': emitSvd(cardRegisters, cardWindows),
    'protos/registers/generated/grainlink.h': emitCHeader(cardRegisters, cardWindows),
  };
}
