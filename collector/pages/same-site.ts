/**
 * Refuses what another web site makes a browser send here. Browsers say where a request comes from in Sec-Fetch-Site and
 * in Origin; programs say neither, and cannot be made to by a web page, which cannot send JSON elsewhere unasked.
 */
import type { FastifyRequest } from 'fastify';
import { NoAnswer } from './no-answer.ts';

const foreign = () =>
  new NoAnswer(
    403,
    'this can only be asked from the pages themselves or by a program, not from another site',
  );

/** Throws unless the request can only come from our own pages or from a program. `isForm`: only from our own pages. */
export function refuseForeignSite({ headers }: FastifyRequest, isForm: boolean): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw foreign();
  const { origin, host } = headers;
  // A page without referrer posts its forms with the origin "null".
  const isOwn = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  if (origin !== undefined && !isOwn && !(origin === 'null' && site === 'same-origin')) throw foreign();
  if (isForm && site === undefined && !isOwn) throw foreign();
}

/** Throws unless the body is JSON, which a web page cannot send to another site without being allowed to. */
export function demandJson({ headers }: FastifyRequest): void {
  if (headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    throw new NoAnswer(415, 'the body must be sent as application/json');
}
