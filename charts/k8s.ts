/**
 * The one import of cdk8s and cdk8s-plus. Objects are built with the typed API objects, not with cdk8s-plus' own
 * constructs: those name selectors by construct path, add a startup probe and resources that nobody asked for, and know
 * no disruption budget. Unknown fields do not compile, and would not be written.
 */
export { App, Chart, YamlOutputType } from 'cdk8s';
export { k8s } from 'cdk8s-plus-28';
