/** Tells an action from an invitation to look at something. */

/** Verbs that change nothing. An action may use them, but not only them. */
const lookingVerbs = new Set([
  'analyse',
  'analyze',
  'check',
  'confirm',
  'consult',
  'diagnose',
  'examine',
  'explore',
  'find',
  'follow',
  'inspect',
  'investigate',
  'keep',
  'look',
  'monitor',
  'observe',
  'open',
  'read',
  'review',
  'see',
  'verify',
  'view',
  'watch',
]);
/** Words that may come before the verb. */
const before = /^(?:and|or|then|also|first|please|if [^,]*,|otherwise,?|at once)\s+/;

/** Each sentence or part of one, reduced to its first verb. */
const verbs = (action: string) =>
  action
    .toLowerCase()
    .split(/[.;:]\s*|,\s+(?=(?:and|or|then)\s)|\s+(?=(?:and|or|then)\s)/)
    .map((clause) => {
      let rest = clause.trim();
      while (before.test(rest)) rest = rest.replace(before, '');
      return /^[a-z]+/.exec(rest)?.[0];
    })
    .filter((verb) => verb !== undefined);

/** True when no part of the action says more than to look: "Check the dashboard and investigate." */
export const onlySaysToLook = (action: string): boolean =>
  verbs(action).every((verb) => lookingVerbs.has(verb));
