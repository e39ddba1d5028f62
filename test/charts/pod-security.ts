/**
 * The Pod Security Standard "restricted" as of v1.36: each rule says what it finds wrong with a pod.
 * Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import type { Container, Pod, Probe } from './manifests.ts';

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const containersOf = ({ spec }: Pod): Container[] => [...(spec.initContainers ?? []), ...spec.containers];

/** A rule over each container, whose own setting goes before the pod's. */
const each = (rule: (container: Container, pod: Pod) => boolean) => (pod: Pod) =>
  containersOf(pod).every((container) => rule(container, pod));

const probesOf = (container: Container): Probe[] =>
  [container.livenessProbe, container.readinessProbe, container.startupProbe].filter(Boolean);

const seccomp = ({ securityContext }: Container, pod: Pod) =>
  (securityContext.seccompProfile ?? pod.spec.securityContext.seccompProfile)?.type ?? 'none';

const rules: Record<string, (pod: Pod) => boolean> = {
  'no namespaces of the host': ({ spec }) => !spec.hostNetwork && !spec.hostPID && !spec.hostIPC,
  'no ports of the host': each(({ ports }) => ports.every(({ hostPort }) => !hostPort)),
  'no privileged container': each(({ securityContext }) => securityContext.privileged !== true),
  'only volumes that are not the host': ({ spec }) =>
    spec.volumes.every(({ name, ...sources }) =>
      Object.keys(sources).every((source) => allowedVolumes.has(source)),
    ),
  'privileges cannot grow': each(({ securityContext }) => securityContext.allowPrivilegeEscalation === false),
  'not root, explicitly': each(
    ({ securityContext }, { spec }) =>
      (securityContext.runAsNonRoot ?? spec.securityContext.runAsNonRoot) === true,
  ),
  'no user 0': each(
    ({ securityContext }, { spec }) =>
      ![securityContext.runAsUser, spec.securityContext.runAsUser].includes(0),
  ),
  'seccomp set to the default of the runtime or a local profile': each((container, pod) =>
    ['RuntimeDefault', 'Localhost'].includes(seccomp(container, pod)),
  ),
  'all capabilities dropped, none added but binding low ports': each(
    ({ securityContext: { capabilities } }) =>
      (capabilities?.drop ?? []).includes('ALL') &&
      (capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
  ),
  'AppArmor, SELinux, sysctls, /proc and Windows options untouched': (pod) =>
    [pod.spec.securityContext, ...containersOf(pod).map((container) => container.securityContext)].every(
      (context) =>
        ['appArmorProfile', 'seLinuxOptions', 'sysctls', 'procMount', 'windowsOptions'].every(
          (field) => context[field] === undefined,
        ),
    ),
  'probes ask the pod itself': each((container) =>
    probesOf(container).every(({ httpGet }) => httpGet?.host === undefined),
  ),
};

export const restrictedRules = Object.keys(rules);

/** The rules that the pod breaks. */
export const brokenRules = (pod: Pod): string[] => restrictedRules.filter((name) => !rules[name]!(pod));
