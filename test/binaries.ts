/** Unpacks the real Prometheus and Alertmanager once, before test files ask for them at the same time. */
import { findBinaries } from '../run/binaries/find.ts';

export default async function setup(): Promise<void> {
  await findBinaries();
}
