// The walls of docs/ARCHITECTURE.md, as rules. `npm run walls` fails when an import goes through one.

const ROOMS = '(dags|jobs|dlq|workers|runtime|scheduler|events|health)';
const LAYERS_BELOW = '(engine|persistence|queue|bus|executors|embedded|http|config|domain)';

/** Nobody but these folders imports that package. */
const only = (folders, packages, comment) => ({
  name: `only-${folders.join('-and-')}-import-${packages[0].replace(/\W+/g, '')}`,
  comment,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${folders.join('|')})/` },
  to: { path: `(^|/)node_modules/(${packages.join('|')})/` },
});

/** Of our own sources, a folder imports these and itself. */
const knows = (folder, others, comment) => ({
  name: `${folder}-knows-${others.map((other) => other.slice(0, -1)).join('-and-') || 'nobody'}-only`,
  comment,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...others.map((other) => `^src/${other}`)] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead, unless it is a program of its own.',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/(main|migrate)\\.ts$', '^src/executors/host/', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'rooms-do-not-know-each-other',
      comment: 'Modules meet in the engine and the domain.',
      severity: 'error',
      from: { path: `^src/${ROOMS}/` },
      to: { path: `^src/${ROOMS}/`, pathNot: '^src/$1/' },
    },
    {
      name: 'layers-do-not-know-rooms',
      comment: 'Direction: modules → engine → persistence, queue, bus → domain.',
      severity: 'error',
      from: { path: `^src/${LAYERS_BELOW}/` },
      to: { path: [`^src/${ROOMS}/`, '^src/(main|migrate|app\\.module|welcome)\\.ts$'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain takes time and chance as arguments: it imports nothing, not even from Node.js.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    knows('config', ['domain/'], 'The configuration is a leaf.'),
    knows(
      'persistence',
      ['domain/', 'config/'],
      'The stores know rows and words, not what is done with them.',
    ),
    knows('queue', ['domain/', 'config/'], 'A queue carries hints; what they mean is decided elsewhere.'),
    knows('bus', ['domain/', 'config/'], 'The bus carries nudges.'),
    knows('executors', ['domain/'], 'An executor runs an attempt and knows nothing of jobs.'),
    knows('embedded', [], 'The launcher of PostgreSQL is of use without the product.'),
    knows('engine', ['domain/', 'config/', 'persistence/', 'queue/', 'bus/'], 'The only writer of state.'),
    knows(
      'events',
      ['domain/', 'config/', 'bus/', 'persistence/', 'http/'],
      'Events reads the bus and the event table only.',
    ),
    {
      name: 'the-task-host-is-light',
      comment: 'A small process forks quickly: it takes nothing from npm.',
      severity: 'error',
      from: { path: '^src/executors/host/' },
      to: { path: '(^|/)node_modules/' },
    },
    only(['queue'], ['bullmq', '@nestjs/bullmq'], 'BullMQ is behind the TaskQueue and TaskConsumer.'),
    only(['persistence'], ['typeorm', '@nestjs/typeorm'], 'TypeORM and SQL are in one room.'),
    only(['queue', 'bus'], ['ioredis'], 'Redis carries hints and nudges, no state.'),
    only(
      ['persistence', 'queue', 'bus', 'embedded'],
      ['pg'],
      'Connections to PostgreSQL are opened where they are counted.',
    ),
    {
      name: 'no-test-code-in-the-product',
      comment: 'What is tested does not know its tests; what is built does not need development packages.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: ['^(test|bench|scripts)/'] },
    },
    {
      name: 'no-development-packages',
      comment: 'The image is built without them.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere is an error at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types bind as much as others do.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    extraExtensionsToScan: [],
  },
};
