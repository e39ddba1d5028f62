/** Where the index's thread begins when the collector runs from its sources. */
import { runIndexThread } from './thread.ts';

runIndexThread();
