import { HostDriver } from '../../../host-driver/index.js';
import { RefusedError } from '../errors.js';
import { type ChildProgram, type Ending, startProgram } from './child-program.js';

/** A card switched on in a process of its own, and a host's connection to it over TCP. */
export interface CardProcess {
  readonly driver: HostDriver;
  /** Where the peer card finds it. */
  readonly peerAddress: string;
  /** SIGKILL: the card's power cut. */
  kill(): Promise<void>;
  /** SIGTERM: shuts the card down. @throws RefusedError when it does not come to a clean end. */
  shutDown(): Promise<void>;
  /** Rejects when the process ends though nobody asked it to. */
  readonly failed: Promise<never>;
}

const ANY_PORT = 'tcp://127.0.0.1:0';

/** @param name of the card, in messages. */
export async function startCard(name: string, directory: string): Promise<CardProcess> {
  const program = startProgram(['card', 'run', '--dir', directory, '--host', ANY_PORT, '--peer', ANY_PORT, '--json']);
  let asked = false;
  const failed = program.ended.then((ending) => (asked ? new Promise<never>(() => undefined) : Promise.reject(endedByItself(name, ending, program))));
  failed.catch(() => undefined); // It may come while nobody waits.
  const end = async (signal: NodeJS.Signals): Promise<Ending> => {
    asked = true;
    program.kill(signal);
    return program.ended;
  };
  try {
    const { host, peer } = announcement(await Promise.race([program.nextLine(), failed]));
    const driver = await Promise.race([HostDriver.connect(host), failed]);
    return {
      driver,
      peerAddress: peer,
      failed,
      kill: async () => {
        await end('SIGKILL');
        driver.close();
      },
      shutDown: async () => {
        const ending = await end('SIGTERM');
        driver.close();
        if (ending.exitCode !== 0) throw endedByItself(name, ending, program);
      },
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

/** What `card run --json` says when it listens. */
function announcement(line: string | undefined): { host: string; peer: string } {
  const said: unknown = line === undefined ? undefined : JSON.parse(line);
  if (typeof said === 'object' && said !== null && 'hosts' in said && 'peer' in said) {
    const host: unknown = Array.isArray(said.hosts) ? said.hosts[0] : undefined;
    if (typeof host === 'string' && typeof said.peer === 'string') return { host, peer: said.peer };
  }
  throw new Error(`"card run" announced ${line ?? 'nothing'}`);
}

function endedByItself(name: string, { exitCode, signal }: Ending, program: ChildProgram): RefusedError {
  const how = signal ?? `exit code ${String(exitCode)}`;
  return new RefusedError('CARD_ENDED', `The process of the ${name} came to an end that it should not have (${how}).`, program.log());
}
