// Loaded before everything else (`node -r ./run/node-version.cjs ...`), in syntax that every Node since 12 reads:
// one sentence instead of the syntax error of a Node that cannot run TypeScript.
'use strict';

const NEEDED = [22, 18];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

if (!isNewEnough(process.versions.node)) {
  process.stderr.write(
    'Node ' +
      process.versions.node +
      ' cannot run this: ' +
      NEEDED.join('.') +
      ' or newer is needed. Start it through npm after `npm ci` without --ignore-scripts, which brings its own Node 24' +
      ' into node_modules, or install Node 24.\n',
  );
  process.exit(1);
}
