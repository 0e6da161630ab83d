// Who may import whom: protos <- firmware <- emulator, protos <- host-driver, and emulator/cli sees all.
// The reasons stand in docs/architecture.md; test/layers.test.ts proves that each rule bites.

const PROTOBUF = '^(@bufbuild/protobuf|node_modules/@bufbuild/protobuf/)';
const PURE_PACKAGES = [PROTOBUF, '^node_modules/crc-32/'];
const ANY_PACKAGE = '^node_modules/';

/** A rule that a layer imports nothing but itself and what is listed. Node's own modules are given apart. */
function layer(name, comment, { path, pathNot }, allowed, { node }) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path, ...(pathNot === undefined ? {} : { pathNot }) },
    to: { pathNot: allowed, ...(node ? { dependencyTypesNot: ['core'] } : {}) },
  };
}

/**
 * What each folder of the firmware may import, beside itself and protos: folders, and files of the top. Those
 * files (components.ts, and what it wires with) may import any of it.
 */
const FIRMWARE_PARTS = {
  kernel: ['hal.ts', 'limits.ts'],
  registers: ['errors.ts'],
  queues: ['kernel/', 'limits.ts'],
  metadata: ['kernel/', 'volume/', 'hal.ts', 'limits.ts', 'errors.ts'],
  volume: ['kernel/', 'metadata/', 'hal.ts', 'limits.ts'],
  'flash-copy': ['kernel/', 'metadata/', 'volume/', 'core.ts', 'hal.ts', 'limits.ts', 'errors.ts'],
  synchronization: ['kernel/', 'metadata/', 'volume/', 'remote-copy/', 'core.ts', 'hal.ts', 'limits.ts', 'errors.ts'],
  'remote-copy': ['kernel/', 'metadata/', 'volume/', 'flash-copy/', 'synchronization/', 'medium/', 'core.ts', 'hal.ts', 'host-io.ts', 'limits.ts', 'errors.ts'],
  medium: ['kernel/', 'metadata/', 'volume/', 'flash-copy/', 'synchronization/', 'core.ts', 'identity.ts', 'hal.ts', 'limits.ts', 'errors.ts'],
  commands: ['kernel/', 'registers/', 'metadata/', 'flash-copy/', 'synchronization/', 'remote-copy/', 'medium/', 'card-status.ts', 'core.ts', 'hal.ts', 'host-io.ts', 'identity.ts', 'limits.ts', 'errors.ts'],
  // A host reaches data through host-io.ts alone, whatever the card's role makes of it.
  'host-port': ['kernel/', 'queues/', 'commands/', 'hal.ts', 'host-io.ts', 'limits.ts', 'errors.ts'],
};

const firmwareParts = Object.entries(FIRMWARE_PARTS).map(([part, allowed]) => ({
  name: `firmware-${part}`,
  comment: `firmware/${part} may import only ${allowed.join(', ')}, itself and protos`,
  severity: 'error',
  from: { path: `^firmware/${part}/` },
  to: { path: '^firmware/', pathNot: [part + '/', ...allowed].map((name) => `^firmware/${name.replace('.', '\\.')}`) },
}));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      comment: 'an import that leads nowhere, or to a package that package.json does not name',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-to-dev-dependency',
      comment: 'what runs at a user must not need what only developers install',
      severity: 'error',
      from: { path: '^(protos|firmware|emulator|host-driver)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'nothing-imports-bench',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^bench/' },
    },
    layer('protos-alone', 'protos stands on nothing, and runs anywhere', { path: '^protos/' },
      ['^protos/', ...PURE_PACKAGES], { node: false }),
    layer('firmware-pure', 'the firmware knows the contracts and its hal: no Node, no packages', { path: '^firmware/' },
      ['^firmware/', '^protos/', PROTOBUF], { node: false }),
    layer('host-driver-apart', 'a host meets a card at the wire', { path: '^host-driver/' },
      ['^host-driver/', '^protos/', ANY_PACKAGE], { node: true }),
    layer('emulator-below-cli', 'the board knows firmware and protos; only the program sees all',
      { path: '^emulator/', pathNot: '^emulator/cli/' },
      ['^emulator/(?!cli/)', '^firmware/', '^protos/', ANY_PACKAGE], { node: true }),
    layer('parts-know-no-board', 'a part offers what hal.ts asks for, and knows nothing of the card', { path: '^emulator/parts/' },
      ['^emulator/parts/', '^emulator/(errors|limits)\\.ts$', '^firmware/(hal|limits)\\.ts$', '^protos/', ANY_PACKAGE], { node: true }),
    ...firmwareParts,
    {
      name: 'serialport-when-needed',
      comment: 'it loads a native add-on, which a machine without serial lines need not have: import() it',
      severity: 'error',
      from: {},
      to: { path: '^node_modules/(@serialport|serialport)/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
