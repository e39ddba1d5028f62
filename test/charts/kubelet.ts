/** Mounts ConfigMaps as the kubelet does: each name is a link through `..data`, which is swapped when they change. */
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest, Manifests, Workload } from './manifests.ts';

type Content = Pick<Manifest, 'data' | 'binaryData'>;

/** Mounts into the folder, or changes what is mounted there. */
export function mount(folder: string, maps: readonly Content[]): void {
  const hidden = `..${process.hrtime.bigint()}`;
  mkdirSync(join(folder, hidden), { recursive: true });
  for (const { data = {}, binaryData = {} } of maps) {
    const files = [
      ...Object.entries(data).map(([name, text]) => [name, Buffer.from(text)] as const),
      ...Object.entries(binaryData).map(([name, text]) => [name, Buffer.from(text, 'base64')] as const),
    ];
    for (const [name, content] of files) writeFileSync(join(folder, hidden, name), content);
  }
  symlinkSync(hidden, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const { data = {}, binaryData = {} } of maps) {
    for (const name of Object.keys({ ...data, ...binaryData }))
      link(join(folder, name), join('..data', name));
  }
}

function link(path: string, target: string): void {
  symlinkSync(target, `${path}.link`);
  renameSync(`${path}.link`, path);
}

/** The ConfigMaps that one volume of a workload's pod puts together. */
export function mapsOf(manifests: Manifests, { spec }: Workload, volume: string): Manifest[] {
  const { projected, configMap } = spec.template.spec.volumes.find(({ name }) => name === volume)!;
  const names = projected ? projected.sources.map((source) => source.configMap!.name!) : [configMap!.name!];
  return names.map((name) => manifests.get('ConfigMap', name));
}
