// A server as users run it, in a folder of its own, on free ports. The Release build, or THALWEG_BINARY.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const binary = resolve(process.env.THALWEG_BINARY ?? join(process.env.WEB, '../build/release/bin/thalweg'));
export const isBuilt = existsSync(binary);

const START_LIMIT_MS = 30_000;

// Below those that the system gives to outgoing connections, of which another may be made before the server listens.
const OUTGOING = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
const LOWEST = 10_000;

export const freePort = () =>
  new Promise((done) => {
    const port = LOWEST + Math.floor(Math.random() * (OUTGOING - LOWEST));
    const probe = createServer();
    probe.on('error', () => done(freePort()));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(port)));
  });

class Server {
  constructor(folder, port, console_, properties) {
    Object.assign(this, { folder, port, url: `http://127.0.0.1:${console_}`, brokers: `127.0.0.1:${port}` });
    this.properties = {
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': join(folder, 'data'),
      'console.listeners': `http://127.0.0.1:${console_}`,
      'metrics.listeners': '',
      'schema.registry.listeners': '',
      ...properties,
    };
  }

  async start() {
    const args = Object.entries(this.properties).flatMap(([name, value]) => ['--override', `${name}=${value}`]);
    this.log = '';
    this.child = spawn(binary, ['server', ...args], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (piece) => (this.log += piece));
    const end = Date.now() + START_LIMIT_MS;
    while (
      !(await fetch(this.url + '/api/v1/session').then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (Date.now() > end || this.child.exitCode !== null)
        throw new Error(`the server did not start: ${this.log.slice(-2000)}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async stop(signal = 'SIGTERM') {
    if (!this.child || this.child.exitCode !== null) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill(signal);
    await gone;
  }

  // thalweg topic create …: a client of Kafka's protocol, in a process of its own.
  run(...words) {
    return execFileSync(binary, [...words, '--brokers', this.brokers], {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  write(topic, ...lines) {
    execFileSync(binary, ['produce', topic, '--brokers', this.brokers], {
      input: lines.map((line) => line + '\n').join(''),
    });
  }

  // The same, with headers.
  bury(topic, headers, ...lines) {
    execFileSync(binary, ['produce', topic, '--brokers', this.brokers, ...headers], {
      input: lines.map((line) => line + '\n').join(''),
    });
  }

  token() {
    return readFileSync(join(this.folder, 'data/console.token'), 'utf8').trim();
  }
}

// Runs with a server that is started for it, and killed and forgotten afterwards.
export async function serving(properties, use) {
  const folder = mkdtempSync(join(tmpdir(), 'thalweg-console-'));
  const server = new Server(folder, await freePort(), await freePort(), properties);
  try {
    await server.start();
    await use(server);
  } finally {
    await server.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
