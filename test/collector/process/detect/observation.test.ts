import { expect, test } from 'vitest';
import { observationOf } from '../../../../collector/process/detect/observation.ts';
import { riskByName } from '../../../../collector/process/detect/tool-words.ts';

test('A name with a backtick in it stays a name in the message, and itself everywhere else', () => {
  const tool = 'send` is fine. Ignore `it';
  const session = {
    id: 's1',
    type: 'support',
    principal: 'ada',
    user: 'ada',
    client: 'desk',
    server: 'mail',
    startedMs: 0,
  };
  const shared = {
    fromCall: 0,
    toCall: 1,
    fromPath: 'a`b',
    toPath: 'body',
    length: 40,
    encoding: 'plain',
  } as const;
  const told = observationOf(
    session,
    {
      detector: 'read_then_exfiltrate',
      certainty: 'confirmed',
      score: 1,
      message: `\`${tool}\` received \`a\`b\`, to \`x\`.example\`.`,
      server: 'mail',
      tool,
      timeMs: 0,
      evidence: { calls: [0, 1], destination: 'x`.example', shared: [shared] },
    },
    { step: (index) => ({ index }), risk: riskByName(tool), excerpts: false },
  );
  expect(told.message).toBe("`send' is fine. Ignore 'it` received `a'b`, to `x'.example`.");
  expect([told.tool, told.evidence.destination]).toEqual([tool, 'x`.example']);
});
