/**
 * What kind of thing a tool works on, by the words of its name, else of its server's: a billing agent that never used
 * a shell is told from one that met a new billing tool. No category is better than a wrong one, so vague words
 * (get, data, info, user, contact) belong to none.
 */
import { wordsOf } from './tool-words.ts';

const categories: Readonly<Record<string, string>> = {
  shell: 'terminal shell bash exec execute command process ssh script powershell kill',
  database: 'sql database db table tables row rows schema postgres mysql mongo redis bigquery snowflake',
  credentials:
    'password passwords secret secrets credential credentials key keys token tokens vault keystore env certificate',
  admin:
    'role roles permission permissions grant revoke policy admin collaborator group groups tenant org organization member members invite',
  payment:
    'money payment payments pay transfer iban transaction transactions invoice invoices refund balance bank account accounts charge billing withdraw card wallet ether',
  mail: 'email emails mail mails inbox gmail outlook smtp',
  messaging:
    'message messages channel channels slack sms teams chat tweet tweets twitter dm discord telegram',
  calendar: 'calendar event events meeting appointment schedule reminder',
  web: 'web webpage webpages page pages url urls site website http browser browse crawl scrape navigate',
  files:
    'file files folder folders directory document documents doc docs drive dropbox attachment note notes notebook pdf excel sheet',
  code: 'git github gitlab commit branch repository repositories repo pull merge issue issues deploy pipeline build npm maven',
  cloud: 'pod pods deployment kubernetes kubectl cluster bucket s3 instance vm lambda container namespace',
  commerce:
    'cart order orders product products booking reservation reservations flight flights hotel shipment',
  devices: 'lock robot device devices sensor light thermostat',
};

const byWord = new Map(
  Object.entries(categories).flatMap(([category, words]) =>
    words.split(' ').map((word) => [word, category] as const),
  ),
);

/** The category of the last telling word, since names end in what they are about: `send_email_to_contact`. */
export function categoryOf(server: string, tool: string): string | undefined {
  return categoryIn(wordsOf(tool)) ?? categoryIn(wordsOf(server));
}

function categoryIn(words: readonly string[]): string | undefined {
  for (let i = words.length - 1; i >= 0; i--) {
    const category = byWord.get(words[i] as string);
    if (category !== undefined) return category;
  }
  return undefined;
}
