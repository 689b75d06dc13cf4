// Makes a fresh clone ready with Node's own modules only: node_modules from the lock file, .venv from
// pinned requirements, dist from the sources. Whatever is up to date is left alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);
const MISSING_TOOL = 70;
const NODE_AT_LEAST = [20, 19];
const PYTHON_AT_LEAST = [3, 10];

class SetupError extends Error {}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function run(command, args, options = {}) {
  // The output of installers goes to stderr: stdout may belong to a summary.
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (result.error?.code === 'ENOENT') throw new SetupError(`${command} is not installed.`);
  if (result.status !== 0)
    throw new SetupError(`\`${command} ${args.join(' ')}\` failed (see above).`);
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/** Does `work` when the stamp file does not hold the digest yet. */
function whenChanged(stamp, value, what, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === value) return;
  const start = Date.now();
  say(`${what} …`);
  work();
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, value);
  say(`${what}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

function below(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? below(path) : [path];
  });
}

function older(version, atLeast) {
  const difference = version.map((part, i) => part - (atLeast[i] ?? 0)).find((d) => d !== 0) ?? 0;
  return difference < 0;
}

function checkNode() {
  const version = process.versions.node.split('.').map(Number).slice(0, 2);
  if (older(version, NODE_AT_LEAST)) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: install ${NODE_AT_LEAST.join('.')} or newer.`,
    );
  }
}

function findPython() {
  const wanted = process.env.DREAM_SFT_BASE_PYTHON;
  const names = wanted
    ? [wanted]
    : ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'];
  const code = 'import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])';
  for (const name of names) {
    const result = spawnSync(name, ['-c', code], { encoding: 'utf8' });
    if (result.status !== 0) continue;
    if (!older(result.stdout.trim().split(' ').map(Number), PYTHON_AT_LEAST)) return name;
  }
  throw new SetupError(
    `Python ${PYTHON_AT_LEAST.join('.')} or newer with venv is not found (looked for ${names.join(', ')}).\n` +
      'Install it (Debian, Ubuntu: apt install python3-venv), or name it with DREAM_SFT_BASE_PYTHON.',
  );
}

/** Before minutes of installing: what is missing is said at once. */
function checkPython() {
  if (!existsSync(at('.venv', 'bin', 'python'))) findPython();
}

function installNode() {
  whenChanged(
    at('node_modules', '.dream-sft'),
    digest([at('package-lock.json')]),
    'node_modules from package-lock.json',
    () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error']),
  );
}

function installPython(development) {
  const pinned = ['requirements.txt', 'constraints.txt'].map((name) => at('trainer', name));
  const forAll = { stamp: at('.venv', '.dream-sft'), value: digest(pinned) };
  if (!development) {
    whenChanged(forAll.stamp, forAll.value, '.venv from requirements.txt', () =>
      pipInstall(pinned.slice(0, 1)),
    );
    return;
  }
  const ours = at('trainer', 'requirements-dev.txt');
  const stamp = at('.venv', '.dream-sft-dev');
  whenChanged(stamp, digest([...pinned, ours]), '.venv from requirements-dev.txt', () => {
    pipInstall([...pinned.slice(0, 1), ours]);
    // A demo after the tests has nothing to install.
    writeFileSync(forAll.stamp, forAll.value);
  });
}

function pipInstall(files) {
  if (!existsSync(at('.venv', 'bin', 'python'))) run(findPython(), ['-m', 'venv', at('.venv')]);
  run(at('.venv', 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    // Twice: errors only. Its warnings are not the reader's to mend.
    '--quiet',
    '--quiet',
    '--disable-pip-version-check',
    ...files.flatMap((file) => ['-r', file]),
  ]);
}

function buildDist() {
  const sources = [...below(at('src')), at('tsconfig.json'), at('scripts', 'build.mjs')].filter(
    (path) => statSync(path).isFile(),
  );
  whenChanged(
    at('dist', '.dream-sft'),
    digest([...sources.sort(), at('package-lock.json')]),
    'build',
    () => run(process.execPath, [at('scripts', 'build.mjs')]),
  );
}

/** Throws nothing a user could mend: it ends the process with a sentence instead. */
export function bootstrap({ development = false } = {}) {
  try {
    checkNode();
    checkPython();
    installNode();
    installPython(development);
    buildDist();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(MISSING_TOOL);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  bootstrap({ development: process.argv.includes('--dev') });
