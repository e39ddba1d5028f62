/** Loaded before a server's own code (`node --import`), which stays as it is: says what the process has used. */
import { answerMessages, type Usage } from './child.ts';

answerMessages((): Usage => {
  const { user, system } = process.cpuUsage();
  const peakRssBytes = process.resourceUsage().maxRSS * 1_024;
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss(), peakRssBytes };
});
// A server that is done may end.
process.channel?.unref();
