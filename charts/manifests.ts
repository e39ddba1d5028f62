/** All components' manifests, one file each; applied in the order of their names, the namespace comes first. */

import type { Artefacts } from '../stack/artefacts.ts';
import type { StackConfig } from '../stack/config.ts';
import { alertmanager } from './alertmanager.ts';
import { bundleCollector, bundleParts } from './bundle.ts';
import { collector } from './collector.ts';
import { grafana } from './grafana.ts';
import { App, YamlOutputType } from './k8s.ts';
import { namespace } from './namespace.ts';
import { prometheus } from './prometheus.ts';

export async function writeManifests(config: StackConfig, files: Artefacts, folder: string): Promise<void> {
  const app = new App({
    outdir: folder,
    outputFileExtension: '.k8s.yaml',
    yamlOutputType: YamlOutputType.FILE_PER_CHART,
  });
  const bundle = config.collector.image ? [] : bundleParts(await bundleCollector());
  namespace(app, config);
  collector(app, config, files, bundle);
  prometheus(app, config, files);
  alertmanager(app, config, files);
  if (config.grafana.enabled) grafana(app, config, files);
  app.synth();
}
