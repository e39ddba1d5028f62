/**
 * Loaded before a collector (`node --import`): writes down what each sync that came back has put on disk, so that a
 * test can take away what a power cut would have. By inode, since files are renamed.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const record = fs.openSync(process.env.RECORDED_SYNCS!, 'a');

/** What a sync of this file would make last: its bytes, or the names in a folder. */
function stateOf(fd: number): () => void {
  const { ino, size } = fs.fstatSync(fd);
  const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
  const names = fs.statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? fs.readdirSync(path)
    : undefined;
  const line = `${JSON.stringify(names === undefined ? { ino, bytes: size } : { ino, names })}\n`;
  return () => void fs.writeSync(record, line);
}

const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['datasync', 'sync'] as const) {
  const original = prototype[name];
  prototype[name] = async function recorded(this: { readonly fd: number }) {
    const synced = stateOf(this.fd);
    await original.call(this);
    synced();
  };
}
/** A write to a file that was opened so is a sync of it. */
const isSynced = (fd: number) =>
  (Number.parseInt(/^flags:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8) &
    fs.constants.O_DSYNC) !==
  0;
const { writev } = prototype;
prototype.writev = async function recorded(this: { readonly fd: number }, ...given: unknown[]) {
  const written = await writev.apply(this, given);
  if (isSynced(this.fd)) stateOf(this.fd)();
  return written;
};
for (const name of ['fdatasyncSync', 'fsyncSync'] as const) {
  const original = fs[name];
  fs[name] = (fd) => {
    const synced = stateOf(fd);
    original(fd);
    synced();
  };
}
for (const name of ['fdatasync', 'fsync'] as const) {
  const original = fs[name];
  fs[name] = ((fd: number, callback: fs.NoParamCallback) => {
    const synced = stateOf(fd);
    original(fd, (error) => {
      if (!error) synced();
      callback(error);
    });
  }) as never;
}
syncBuiltinESMExports();
