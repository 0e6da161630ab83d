import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StatusSchema } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { generatedFiles } from '../../../protos/registers/emit/generate.js';
import { cardRegisters } from '../../../protos/registers/card-registers.js';
import { defineRegisters } from '../../../protos/registers/register-map.js';
import { emitCHeader } from '../../../protos/registers/emit/c-header.js';
import { emitSvd } from '../../../protos/registers/emit/svd.js';

const top = new URL('../../../', import.meta.url);
const files = generatedFiles();
const header = files['protos/registers/generated/grainlink.h'] ?? '';
const svd = files['protos/registers/generated/grainlink.svd'] ?? '';
const page = files['docs/registers.md'] ?? '';

describe('generated files', () => {
  it.each(Object.keys(files))('%s is what the emitters make today; if not, run `npm run generate`', (path) => {
    expect(readFileSync(new URL(path, top), 'utf8')).toBe(files[path]);
  });

  it.each(Object.keys(files))('%s names the command that regenerates it', (path) => {
    expect(files[path]?.slice(0, 300)).toContain('npm run generate');
  });
});

describe('the C header', () => {
  const noCompiler = spawnSync('cc', ['--version']).error !== undefined;
  if (noCompiler && process.env['CI'] === undefined) {
    console.warn('SKIPPED: no C compiler checks grainlink.h; install the Debian package gcc');
  }

  it.skipIf(noCompiler && process.env['CI'] === undefined)('compiles without a warning, and its values are those of the map', () => {
    const program = `
      #include "grainlink.h"
      #include "grainlink.h"
      _Static_assert(GRAINLINK_ID_RESET == 0x4b4e4c47, "id");
      _Static_assert(GRAINLINK_STATUS_OFFSET == 0x14, "offset");
      _Static_assert(GRAINLINK_STATUS_ROLE_MASK == 0x30 && GRAINLINK_STATUS_ROLE_SHIFT == 4, "field");
      _Static_assert(GRAINLINK_STATUS_ROLE_PRIMARY == 2, "value");
      _Static_assert(GRAINLINK_GENERATION_LO_OFFSET == 0x38 && GRAINLINK_GENERATION_HI_OFFSET == 0x3c, "halves");
      _Static_assert(GRAINLINK_CAPABILITIES_MEDIUM_MASK == UINT64_C(1) << 33, "wide");
      _Static_assert(GRAINLINK_CQ_HEAD_DOORBELL_OFFSET(31) == 0x10fc, "array");
      _Static_assert(GRAINLINK_MAILBOX_WINDOW_BYTES == 4096, "window");
    `;
    const options = ['-std=c11', '-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c'];
    const include = new URL('protos/registers/generated', top).pathname;
    execFileSync('cc', [...options, '-I', include, '-'], { input: program });
  });

  it('gives no name twice', () => {
    const names = [...header.matchAll(/^#define (\w+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the SVD', () => {
  it('is well-formed XML', () => {
    expect(unclosedTags(svd)).toEqual([]);
    expect(svd.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  });

  it('has each register and each field once', () => {
    expect(svd.match(/<register>/g)).toHaveLength(Object.keys(cardRegisters).length);
    const fields = Object.values(cardRegisters).reduce((sum, { fields }) => sum + Object.keys(fields).length, 0);
    expect(svd.match(/<field>/g)).toHaveLength(fields);
  });

  it('tells what an access does besides, and lets no description break it', () => {
    const map = defineRegisters(
      {
        CAUSES: { offset: 0, widthBytes: 4, access: 'rw1c', description: 'A < B & C.', fields: {} },
        COUNT: { offset: 4, widthBytes: 4, access: 'rc', description: 'Counts.', fields: {} },
      },
      {},
    );
    const text = emitSvd(map, {});
    expect(text).toContain('<modifiedWriteValues>oneToClear</modifiedWriteValues>');
    expect(text).toContain('<readAction>clear</readAction>');
    expect(text).toContain('<description>A &lt; B &amp; C.</description>');
    expect(emitCHeader(map, {})).toContain('GRAINLINK_CAUSES_OFFSET');
  });
});

describe('the pages', () => {
  it('link to headings that exist', () => {
    const anchors = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading?.toLowerCase()));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(Object.keys(cardRegisters).length);
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });

  it('list each status code once', () => {
    const rows = [...(files['docs/errors.md'] ?? '').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)].map(([, code]) => Number(code));
    expect(rows).toEqual(StatusSchema.values.map(({ number }) => number));
  });
});

/** Tags that were opened and not closed, or closed and not open. */
function unclosedTags(xml: string): string[] {
  const open: string[] = [];
  for (const [, slash, tag = ''] of xml.matchAll(/<(\/?)([A-Za-z]\w*)[^<>]*>/g)) {
    if (slash === '') open.push(tag);
    else if (open.pop() !== tag) return [`</${tag}>`];
  }
  return open;
}
