/** Before all tests: unpacks the binaries once, so that test files that start them side by side find them in the cache. */
import { findBinaries } from '../run/binaries/find.ts';

export default async function unpackOnce(): Promise<void> {
  // Tests that need no binary pass without; the others fail with the same sentence.
  await findBinaries().catch((error: Error) => console.error(error.message));
}
